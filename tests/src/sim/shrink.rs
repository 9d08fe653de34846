//! Makes a list of operations that breaks an invariant as short and plain as it gets.

use super::breach::Breach;
use super::episode::{Setting, play};
use super::ground::Ground;
use super::operation::{Operation, Outcome, Reply, Trouble};

/// Worlds that are played in search of a shorter list.
const TRIES: u32 = 5_000;

/// A list that breaks an invariant, and how.
struct Shrinking<'a> {
    ground: &'a Ground,
    setting: Setting<'a>,
    operations: Vec<Operation>,
    breach: Breach,
    tries: u32,
}

/// The shortest part of `operations` found that still breaks the same invariant, and how it does.
///
/// Chunks are taken out, half of the list first, then smaller ones, as long as the breach stays;
/// then what remains is made plainer, one operation after the other.
///
/// # Errors
/// If the ground cannot be cleared.
pub fn shrink(
    ground: &Ground,
    setting: Setting<'_>,
    operations: &[Operation],
    breach: &Breach,
) -> anyhow::Result<(Vec<Operation>, Breach)> {
    let mut shrinking = Shrinking {
        ground,
        setting,
        operations: operations.to_vec(),
        breach: breach.clone(),
        tries: 0,
    };
    loop {
        let length = shrinking.operations.len();
        shrinking.take_out()?;
        let plainer = shrinking.make_plain()?;
        let shorter = shrinking.operations.len() < length;
        if !(plainer || shorter) || shrinking.tries >= TRIES {
            return Ok((shrinking.operations, shrinking.breach));
        }
    }
}

impl Shrinking<'_> {
    /// Takes the candidate if it breaks the same invariant.
    fn try_on(&mut self, candidate: &[Operation]) -> anyhow::Result<bool> {
        self.tries += 1;
        let story = play(self.ground, self.setting, candidate)?;
        match story.breach {
            Some(found) if found.invariant == self.breach.invariant => {
                // What comes after the breach was not played.
                self.operations = story.operations;
                self.breach = found;
                Ok(true)
            }
            Some(_) | None => Ok(false),
        }
    }

    fn take_out(&mut self) -> anyhow::Result<()> {
        let mut chunk = self.operations.len().div_ceil(2);
        while chunk > 0 {
            let mut start = 0;
            let mut removed = false;
            while start < self.operations.len() && self.tries < TRIES {
                let end = (start + chunk).min(self.operations.len());
                let mut candidate = self.operations.clone();
                candidate.drain(start..end);
                if self.try_on(&candidate)? {
                    removed = true;
                } else {
                    start = end;
                }
            }
            if chunk > 1 || !removed {
                chunk /= 2;
            }
        }
        Ok(())
    }

    fn make_plain(&mut self) -> anyhow::Result<bool> {
        let mut plainer = false;
        let mut place = 0;
        while place < self.operations.len() && self.tries < TRIES {
            let Some(operation) = self.operations.get(place).copied() else {
                break;
            };
            for plain in plainer_than(operation) {
                let mut candidate = self.operations.clone();
                if let Some(slot) = candidate.get_mut(place) {
                    *slot = plain;
                }
                if self.try_on(&candidate)? {
                    plainer = true;
                    break;
                }
            }
            place += 1;
        }
        Ok(plainer)
    }
}

/// Operations that are like this one and easier to read, the easiest first.
fn plainer_than(operation: Operation) -> Vec<Operation> {
    let mut plainer = match operation {
        Operation::Submit(_) => vec![Operation::Submit(0)],
        Operation::SubmitOnce(key, _) => vec![Operation::SubmitOnce(key, 0)],
        Operation::Deliver(way, _, count) => vec![
            Operation::Deliver(way, 0, 1),
            Operation::Deliver(way, 0, count),
            Operation::Deliver(way, 1, count),
        ],
        Operation::Step(run, effect, outcome) => plainer_steps(run, effect, outcome),
        Operation::Crash(_) => vec![Operation::Crash(0), Operation::Crash(1)],
        Operation::Finish(_) => vec![Operation::Finish(0), Operation::Finish(1)],
        Operation::Cancel(_) => vec![Operation::Cancel(0), Operation::Cancel(1)],
        Operation::Replay(job, _) => vec![Operation::Replay(0, 0), Operation::Replay(job, 0)],
        Operation::Read(_, foreign) => vec![Operation::Read(0, foreign)],
        Operation::Drop(way, _) => vec![Operation::Drop(way, 0)],
        Operation::Duplicate(way, _) => vec![Operation::Duplicate(way, 0)],
        Operation::Wear(way, _, deliveries) => vec![Operation::Wear(way, 0, deliveries)],
        Operation::Advance(_) => [1_000, 60_000, 200_000, 3_600_000]
            .map(Operation::Advance)
            .into(),
        Operation::SubmitBatch(shape, _) => [0, shape & !0x7c, shape & 0x1f, shape]
            .map(|shape| Operation::SubmitBatch(shape, 0))
            .into(),
        Operation::CancelBatch(_) => vec![Operation::CancelBatch(0)],
        Operation::BeginReplays(shape, _) => [0, shape & 7, shape]
            .map(|shape| Operation::BeginReplays(shape, 0))
            .into(),
        Operation::Control(_, wish) => vec![Operation::Control(0, wish)],
        Operation::Purge(_, miscounts) => vec![Operation::Purge(0, miscounts)],
        Operation::Kill => vec![Operation::Crash(0)],
        Operation::Sweep | Operation::Stray(..) => Vec::new(),
    };
    // What is no plainer than the operation itself is not worth a try.
    if let Some(place) = plainer.iter().position(|plain| *plain == operation) {
        plainer.truncate(place);
    }
    plainer
}

fn plainer_steps(run: u8, effect: u8, outcome: Outcome) -> Vec<Operation> {
    let mut outcomes = vec![
        Outcome::Good,
        Outcome::Before(Trouble::Transient),
        Outcome::After(Trouble::Transient),
        Outcome::Reply(Reply::Failed),
    ];
    if let Some(place) = outcomes.iter().position(|plain| *plain == outcome) {
        outcomes.truncate(place);
    }
    let mut plainer = vec![Operation::Finish(0)];
    plainer.extend(
        outcomes
            .into_iter()
            .map(|outcome| Operation::Step(run, effect, outcome)),
    );
    let places = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (0, 2), (2, 1)];
    let here = places.iter().position(|place| *place == (run, effect));
    let places = places.iter().take(here.unwrap_or(places.len()));
    plainer.extend(places.map(|(run, effect)| Operation::Step(*run, *effect, outcome)));
    plainer
}
