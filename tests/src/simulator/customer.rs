//! Customers: each has the whole simulator under a path of its own, with keys of its own.

use axum::http::HeaderMap;

use crate::simulator::Options;

/// Below which the paths of the customers are.
const PATHS: &str = "/as/";
/// Where the routes stand once more for a customer.
pub(crate) const PATH: &str = "/as/{customer}";

/// Somebody who calls under `/as/NAME` and may do so with these keys only.
#[derive(Clone, Debug)]
pub struct Customer {
    /// What the path calls it.
    pub name: String,
    /// The key, which every call carries in the header of its vendor.
    pub key: String,
    /// What every call carries beside it: names of headers in lower case, and their whole values.
    pub headers: Vec<(String, String)>,
}

impl Customer {
    fn secrets(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().map(|(_, value)| value.as_str());
        std::iter::once(self.key.as_str()).chain(headers)
    }

    fn is_complete(&self, given: &HeaderMap) -> bool {
        self.headers.iter().all(|(name, wanted)| {
            given
                .get(name)
                .is_some_and(|value| value.as_bytes() == wanted.as_bytes())
        })
    }
}

impl Options {
    /// The key that a call of this customer, or of nobody in particular, must carry; `None`: any.
    ///
    /// # Errors
    /// There is no such customer, the call lacks one of its headers, or it carries what is another
    /// one's secret.
    pub(crate) fn key_of(
        &self,
        customer: Option<&str>,
        given: &HeaderMap,
    ) -> Result<Option<&str>, Refused> {
        let is_own = |one: &Customer| Some(one.name.as_str()) == customer;
        let others = self.customers.iter().filter(|one| !is_own(one));
        let nobodys = self.require_key.as_deref().filter(|_| customer.is_some());
        let mut foreign = others.flat_map(Customer::secrets).chain(nobodys);
        if foreign.any(|secret| holds(given, secret)) {
            return Err(Refused);
        }
        if customer.is_none() {
            return Ok(self.require_key.as_deref());
        }
        let own = self.customers.iter().find(|one| is_own(one));
        let own = own.filter(|one| one.is_complete(given)).ok_or(Refused)?;
        Ok(Some(&own.key))
    }
}

/// The call is not what its customer may send.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// A path as it would be without the customer in front of it.
pub(crate) fn without_customer(path: &str) -> &str {
    let rest = path.strip_prefix(PATHS).unwrap_or_default();
    let start = rest.find('/');
    start.and_then(|start| rest.get(start..)).unwrap_or(path)
}

fn holds(headers: &HeaderMap, secret: &str) -> bool {
    let found = |value: &[u8]| {
        value
            .windows(secret.len().max(1))
            .any(|part| part == secret.as_bytes())
    };
    headers.values().any(|value| found(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn options() -> Options {
        let customer = |name: &str, headers: &[(&str, &str)]| Customer {
            name: name.to_owned(),
            key: format!("key-of-{name}"),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        Options {
            require_key: Some("key-of-nobody".to_owned()),
            customers: vec![customer("a", &[("x-gate", "open")]), customer("b", &[])],
            ..Options::default()
        }
    }

    fn given(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        let headers = headers.iter();
        let headers = headers.map(|(name, value)| {
            let name: axum::http::HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_static(value))
        });
        headers.collect()
    }

    #[test]
    fn customer_has_its_own_key_and_must_send_its_headers() {
        let options = options();
        let open = given(&[("x-gate", "open")]);
        assert_eq!(options.key_of(Some("a"), &open), Ok(Some("key-of-a")));
        assert_eq!(options.key_of(Some("b"), &given(&[])), Ok(Some("key-of-b")));
        assert_eq!(options.key_of(None, &given(&[])), Ok(Some("key-of-nobody")));
        for headers in [given(&[]), given(&[("x-gate", "opened")])] {
            assert_eq!(options.key_of(Some("a"), &headers), Err(Refused));
        }
        assert_eq!(options.key_of(Some("c"), &given(&[])), Err(Refused));
    }

    #[test]
    fn secret_of_another_is_refused_wherever_it_stands() {
        let options = options();
        for (customer, value) in [
            (Some("b"), "Bearer key-of-a"),
            (Some("b"), "open"),
            (Some("b"), "key-of-nobody"),
            (None, "key-of-b"),
        ] {
            let headers = given(&[("x-anything", value)]);
            assert_eq!(options.key_of(customer, &headers), Err(Refused), "{value}");
        }
    }

    #[test]
    fn path_is_told_without_its_customer() {
        assert_eq!(without_customer("/as/a/v1/messages"), "/v1/messages");
        assert_eq!(without_customer("/v1/messages"), "/v1/messages");
        assert_eq!(without_customer("/as/a"), "/as/a");
    }
}
