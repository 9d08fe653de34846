//! Reads `Authorization: Bearer …`.

/// The request names no usable bearer token. The answer is 401 in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// There is no `Authorization` header.
    #[error("the Authorization header is missing")]
    Missing,
    /// The header has another scheme than `Bearer`.
    #[error("the Authorization header must use the Bearer scheme")]
    OtherScheme,
    /// After `Bearer` there must be one space and one token of visible ASCII characters.
    #[error("the Authorization header must be `Bearer`, one space, and the key")]
    Malformed,
}

/// The token of an `Authorization` header. The scheme may be in any case (RFC 9110, 11.1).
///
/// # Errors
/// [`BearerError`]: answer 401 with `WWW-Authenticate: Bearer`.
pub fn bearer_token(header: Option<&str>) -> Result<&str, BearerError> {
    let header = header.ok_or(BearerError::Missing)?;
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(BearerError::OtherScheme);
    }
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(BearerError::Malformed);
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_follows_the_scheme_in_any_case() {
        for header in ["Bearer rd_x", "bearer rd_x", "BEARER rd_x"] {
            assert_eq!(bearer_token(Some(header)), Ok("rd_x"));
        }
    }

    #[test]
    fn a_header_without_a_usable_token_is_refused() {
        assert_eq!(bearer_token(None), Err(BearerError::Missing));
        for header in [
            "",
            "Basic dXNlcjpwYXNz",
            "rd_x",
            "Bearerrd_x",
            " Bearer rd_x",
            "Bearer:x",
        ] {
            assert_eq!(
                bearer_token(Some(header)),
                Err(BearerError::OtherScheme),
                "{header:?}"
            );
        }
        for header in [
            "Bearer",
            "Bearer ",
            "Bearer  rd_x",
            "Bearer rd_x ",
            "Bearer rd_x rd_y",
            "Bearer rd_é",
            "Bearer \trd_x",
            "Bearer rd_x\0",
        ] {
            assert_eq!(
                bearer_token(Some(header)),
                Err(BearerError::Malformed),
                "{header:?}"
            );
        }
    }
}
