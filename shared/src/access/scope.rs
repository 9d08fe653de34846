//! What a key may be used for.

use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// One thing a key may be used for. No scope contains another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
pub enum Scope {
    /// See the tenant's own jobs.
    #[serde(rename = "jobs:read")]
    JobsRead,
    /// Submit and cancel the tenant's own jobs.
    #[serde(rename = "jobs:write")]
    JobsWrite,
    /// See dead letters and why they died.
    #[serde(rename = "ops:read")]
    OpsRead,
    /// Replay and purge dead letters.
    #[serde(rename = "ops:write")]
    OpsWrite,
    /// Make tenants and keys.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 5] = [
        Self::JobsRead,
        Self::JobsWrite,
        Self::OpsRead,
        Self::OpsWrite,
        Self::Admin,
    ];

    /// The scope as it is written in requests, answers and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JobsRead => "jobs:read",
            Self::JobsWrite => "jobs:write",
            Self::OpsRead => "ops:read",
            Self::OpsWrite => "ops:write",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| UnknownScope::naming(text))
    }
}

/// There is no such scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{named}` is not a scope: use `jobs:read`, `jobs:write`, `ops:read`, `ops:write` or `admin`"
)]
pub struct UnknownScope {
    named: String,
}

impl UnknownScope {
    /// The name is repeated up to 32 visible characters: it comes from outside.
    fn naming(text: &str) -> Self {
        Self {
            named: text
                .chars()
                .filter(|character| !character.is_control())
                .take(32)
                .collect(),
        }
    }
}

/// A list of names is not a set of scopes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScopes {
    /// A key without any scope could do nothing.
    #[error("must name at least one scope")]
    Empty,
    /// One of the names is no scope.
    #[error(transparent)]
    Unknown(#[from] UnknownScope),
}

/// The scopes of a key: at least one, each once, in the order of [`Scope::ALL`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Reads a list of names; a name given twice counts once.
    ///
    /// # Errors
    /// [`InvalidScopes`], which names the first unknown scope.
    pub fn from_names<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Self, InvalidScopes> {
        let scopes = names
            .into_iter()
            .map(Scope::from_str)
            .collect::<Result<BTreeSet<Scope>, UnknownScope>>()?;
        Self::new(scopes)
    }

    /// A set of scopes.
    ///
    /// # Errors
    /// [`InvalidScopes::Empty`] when there is none.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, InvalidScopes> {
        let scopes: BTreeSet<Scope> = scopes.into_iter().collect();
        if scopes.is_empty() {
            Err(InvalidScopes::Empty)
        } else {
            Ok(Self(scopes))
        }
    }

    /// Whether `scope` is one of these.
    #[must_use]
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// The scopes, in order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

/// The form of the database: names separated by one space.
impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            formatter.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

/// Reads the form of the database.
impl FromStr for Scopes {
    type Err = InvalidScopes;

    fn from_str(text: &str) -> Result<Self, InvalidScopes> {
        if text.is_empty() {
            return Err(InvalidScopes::Empty);
        }
        Self::from_names(text.split(' '))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_read_back_from_its_name_and_serialised_as_it() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert_eq!(
                serde_json::to_value(scope).ok(),
                Some(scope.as_str().into())
            );
        }
    }

    #[test]
    fn scopes_are_a_set_in_a_fixed_order() {
        let scopes = Scopes::from_names(["ops:write", "jobs:read", "ops:write"]).expect("known");
        assert_eq!(scopes.to_string(), "jobs:read ops:write");
        assert_eq!(scopes.to_string().parse(), Ok(scopes.clone()));
        assert!(scopes.contains(Scope::JobsRead) && scopes.contains(Scope::OpsWrite));
        for absent in [Scope::JobsWrite, Scope::OpsRead, Scope::Admin] {
            assert!(!scopes.contains(absent), "{absent}");
        }
    }

    #[test]
    fn admin_contains_no_other_scope() {
        let scopes = Scopes::new([Scope::Admin]).expect("not empty");
        assert!(!scopes.contains(Scope::JobsRead));
    }

    #[test]
    fn an_unknown_scope_is_named() {
        let error = Scopes::from_names(["jobs:read", "jobs:delete"]).expect_err("unknown");
        assert!(
            error
                .to_string()
                .starts_with("`jobs:delete` is not a scope")
        );
        for unknown in ["", "Admin", "admin ", "jobs:*", "jobs:read,jobs:write"] {
            assert!(unknown.parse::<Scope>().is_err(), "{unknown:?}");
        }
        let long = "x".repeat(10_000).parse::<Scope>().expect_err("unknown");
        assert!(long.to_string().len() < 200);
    }

    #[test]
    fn no_scope_at_all_is_refused() {
        assert_eq!(Scopes::from_names([]), Err(InvalidScopes::Empty));
        assert_eq!("".parse::<Scopes>(), Err(InvalidScopes::Empty));
        assert!("jobs:read  admin".parse::<Scopes>().is_err());
    }
}
