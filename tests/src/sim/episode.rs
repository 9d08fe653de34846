//! One world from its beginning to its rest.

use super::breach::{Breach, Invariant};
use super::core::lock;
use super::generator::Generator;
use super::ground::Ground;
use super::operation::Operation;
use super::random::Random;
use super::report::Totals;
use super::world::World;

/// How many operations a world lives through at most.
const LONGEST: u32 = 500;

/// What a world is made from.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Decides everything that looks random.
    pub seed: u64,
    /// The invariants that are judged; every one when empty.
    pub watched: &'a [Invariant],
}

/// What became of a world.
#[derive(Clone, Debug)]
pub struct Story {
    /// What happened, in order.
    pub operations: Vec<Operation>,
    /// What was counted.
    pub totals: Totals,
    /// The first invariant that did not hold.
    pub breach: Option<Breach>,
}

/// Draws the operations of the setting's seed, at most `limit`, and plays them.
///
/// # Errors
/// If the ground cannot be cleared.
pub fn draw(ground: &Ground, setting: Setting<'_>, limit: u64) -> anyhow::Result<Story> {
    let mut world = World::new(ground, setting.seed)?;
    let mut random = Random::new(setting.seed ^ 0x5eed);
    let length = u64::from(50 + random.below(LONGEST - 50)).min(limit);
    let mut generator = Generator::new(random.next());
    let mut operations = Vec::new();
    for _ in 0..length {
        let operation = generator.next(&world);
        operations.push(operation);
        world.apply(operation);
        if world.breach(setting.watched).is_some() {
            break;
        }
    }
    Ok(conclude(world, setting, operations))
}

/// Plays `operations` in a world of this setting.
///
/// # Errors
/// If the ground cannot be cleared.
pub fn play(
    ground: &Ground,
    setting: Setting<'_>,
    operations: &[Operation],
) -> anyhow::Result<Story> {
    let mut world = World::new(ground, setting.seed)?;
    let mut played = Vec::new();
    for operation in operations {
        played.push(*operation);
        world.apply(*operation);
        if world.breach(setting.watched).is_some() {
            break;
        }
    }
    Ok(conclude(world, setting, played))
}

fn conclude(mut world: World, setting: Setting<'_>, operations: Vec<Operation>) -> Story {
    if world.breach(setting.watched).is_none() {
        world.quiet(setting.watched);
    }
    let length = u64::try_from(operations.len()).unwrap_or(u64::MAX);
    let totals = Totals::of(&lock(&world.core.witness), world.happened, length);
    Story {
        breach: world.breach(setting.watched),
        operations,
        totals,
    }
}
