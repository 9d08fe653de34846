/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is answered with this status and this `Retry-After`, and nothing is done.
    Status(u16, Option<u64>),
    /// It is carried out, and the answer breaks off.
    LostAnswer,
    /// It is not carried out, and no answer comes.
    HangBefore,
    /// It is carried out, and no answer comes.
    HangAfter,
    /// The answer breaks off after so many bytes.
    CutAfter(usize),
    /// So many bytes come, and then nothing.
    HangIn(usize),
}

/// A fault that waits for its request.
#[derive(Debug)]
pub(super) struct Laid {
    method: String,
    path: String,
    skip: usize,
    fault: Fault,
}

impl Laid {
    pub(super) fn new(method: &str, path: &str, skip: usize, fault: Fault) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            skip,
            fault,
        }
    }

    /// The fault that a request meets, which is used up with it.
    pub(super) fn take(all: &mut Vec<Self>, method: &str, path: &str) -> Option<Fault> {
        let matches = |laid: &Self| laid.method == method && path.ends_with(&laid.path);
        let place = all.iter().position(matches)?;
        if let Some(skip) = all[place].skip.checked_sub(1) {
            all[place].skip = skip;
            return None;
        }
        Some(all.remove(place).fault)
    }
}
