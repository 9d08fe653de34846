use super::{AuditId, ReplayId};

impl ReplayId {
    /// The entry of the audit log that tells of its beginning: it has the same digits, so that each
    /// leads to the other.
    #[must_use]
    pub fn entry(&self) -> AuditId {
        let digits = self.as_str().strip_prefix(Self::PREFIX);
        AuditId(format!("{}{}", AuditId::PREFIX, digits.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_of_a_replay_is_an_id() {
        let replay: ReplayId = "rep_0192f0c1000070008000000000000003"
            .parse()
            .expect("valid");
        let entry = replay.entry();
        assert_eq!(entry.as_str(), "aud_0192f0c1000070008000000000000003");
        assert_eq!(entry.as_str().parse(), Ok(entry));
    }
}
