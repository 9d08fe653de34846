use crate::configuration::{ModelConfiguration, Price, PriceOrigin};
use crate::json::rules::{Ruling, checked, integer, object, text};
use crate::json::{Fields, Item};
use crate::request::limits;

/// The most dollars for a million tokens: a typing error above.
const DOLLARS: f64 = 10_000.0;

/// The name of a model, as the key of a table.
pub(super) fn name(name: &str) -> Result<(), &'static str> {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || limits::MODEL_PUNCTUATION.contains(&byte);
    if limits::MODEL_BYTES.contains(&name.len()) && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err("must be 1 to 128 letters and digits of ASCII and the characters ._:/@+-")
    }
}

/// Reads what is known of a model.
pub(super) fn read(mut fields: Fields<'_>) -> Ruling<ModelConfiguration> {
    let context_tokens = fields.optional("context_tokens", integer(1..=100_000_000_u32));
    let max_output_tokens = fields.optional("max_output_tokens", integer(1..=100_000_000_u32));
    if context_tokens.is_some_and(|context| max_output_tokens.is_some_and(|most| most > context)) {
        fields.refuse("max_output_tokens", "must be at most `context_tokens`");
    }
    let price = fields.optional("price", object(read_price));
    fields.finish(|| {
        let (price, price_origin) = price.unzip();
        Some(ModelConfiguration {
            context_tokens,
            max_output_tokens,
            price,
            price_origin,
        })
    })
}

fn read_price(mut fields: Fields<'_>) -> Ruling<(Price, PriceOrigin)> {
    let input = fields.required("input", |item| micro_dollars(&item));
    let cached_input = fields.optional("cached_input", |item| micro_dollars(&item));
    let output = fields.required("output", |item| micro_dollars(&item));
    let priced_at = fields.required("priced_at", checked(text(10..=10), date));
    let source = fields.required("price_source", checked(text(1..=512), https));
    fields.finish(|| {
        let price = Price {
            input: input?,
            cached_input,
            output: output?,
        };
        let origin = PriceOrigin {
            priced_at: priced_at?.to_owned(),
            source: source?.to_owned(),
        };
        Some((price, origin))
    })
}

/// Dollars for a million tokens as whole micro-dollars.
///
/// A number with at most six decimals is the one that is nearest to its micro-dollars divided by a
/// million, because that division is rounded to the nearest as well.
fn micro_dollars(item: &Item<'_>) -> Ruling<u64> {
    let number = item.number();
    let whole = number.map(|dollars| (dollars * 1e6).round());
    match (number, whole) {
        #[expect(
            clippy::float_cmp,
            reason = "both sides are rounded the same way, and to be equal bit by bit"
        )]
        (Some(dollars), Some(whole)) if (0.0..=DOLLARS).contains(&dollars) && whole / 1e6 == dollars =>
        {
            #[expect(
                clippy::as_conversions,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a whole number from 0 to 10 billion"
            )]
            Ok(whole as u64)
        }
        _ => Err(item.refuse(
            "must be dollars for a million tokens: a number from 0 to 10000 with at most 6 decimals",
        )),
    }
}

/// A day of the calendar: `YYYY-MM-DD`.
pub(super) fn date(text: &str) -> Result<&str, &'static str> {
    const WRONG: &str = "must be a date like 2026-11-21";
    let digits = |from, to| {
        let part: &str = text.get(from..to)?;
        let all = part.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| part.parse::<u16>().ok())?
    };
    let parts = (digits(0, 4), digits(5, 7), digits(8, 10));
    let (Some(year), Some(month), Some(day)) = parts else {
        return Err(WRONG);
    };
    let bytes = text.as_bytes();
    let dashes = bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if dashes && text.len() == 10 && (1..=days).contains(&day) {
        Ok(text)
    } else {
        Err(WRONG)
    }
}

fn https(url: &str) -> Result<&str, &'static str> {
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    if plain
        && url
            .strip_prefix("https://")
            .is_some_and(|rest| !rest.is_empty())
    {
        Ok(url)
    } else {
        Err("must be a URL that begins with `https://`")
    }
}
