//! Every limit of a request, in one place. Lengths count bytes of UTF-8.

use std::ops::RangeInclusive;

/// Length of `prompt`, `system` and the `content` of a message: up to 1 MiB, which is also the cap
/// of the whole body, and half of what a D1 value holds.
pub const TEXT_BYTES: RangeInclusive<usize> = 1..=1_048_576;

/// How many `messages` a conversation may have.
pub const MESSAGES: RangeInclusive<usize> = 1..=1000;

/// How many parts the `content` of a message may have.
pub const PARTS: RangeInclusive<usize> = 1..=64;

/// How many images a request may have in all.
pub const IMAGES: usize = 16;

/// Length of the URL of an image; signed ones are long.
pub const IMAGE_URL_BYTES: RangeInclusive<usize> = 9..=8_192;

/// How many `providers` a request or a tenant may name.
pub const CHAIN: RangeInclusive<usize> = 1..=5;

/// Length of the name of a provider.
pub const PROVIDER_BYTES: RangeInclusive<usize> = 1..=32;

/// Length of `model`.
pub const MODEL_BYTES: RangeInclusive<usize> = 1..=128;

/// The characters of `model` besides letters and digits: those that providers use.
pub const MODEL_PUNCTUATION: &[u8] = b"._:/@+-";

/// Value of `maxTokens`.
pub const MAX_TOKENS: RangeInclusive<u32> = 1..=1_000_000;

/// Value of `temperature`.
pub const TEMPERATURE: RangeInclusive<f64> = 0.0..=2.0;

/// Value of `topP`.
pub const TOP_P: RangeInclusive<f64> = 0.0..=1.0;

/// How many texts `stop` may have.
pub const STOPS: RangeInclusive<usize> = 1..=4;

/// Length of a text of `stop`.
pub const STOP_BYTES: RangeInclusive<usize> = 1..=256;

/// Value of `seed`: the whole numbers that every reader of JSON reads alike.
pub const SEED: RangeInclusive<i64> = -9_007_199_254_740_991..=9_007_199_254_740_991;

/// Length of the `name` of a `jsonSchema`.
pub const SCHEMA_NAME_BYTES: RangeInclusive<usize> = 1..=64;

/// The longest `schema`, and the longest options of one provider, as JSON.
pub const JSON_BYTES: usize = 65_536;

/// The most providers that `providerOptions` may name: as many as a chain may have.
pub const OPTIONS: usize = 5;

/// Length of `language` and `difficulty`.
pub const HINT_BYTES: RangeInclusive<usize> = 1..=64;

/// Length of `refId` and `refType`.
pub const REF_BYTES: RangeInclusive<usize> = 1..=128;

/// The most keys `metadata` may have.
pub const METADATA_KEYS: usize = 64;

/// The longest key of `metadata`.
pub const METADATA_KEY_BYTES: usize = 64;

/// Length of a value of `metadata`; it may be empty.
pub const METADATA_VALUE_BYTES: RangeInclusive<usize> = 0..=512;

/// Value of `deadlineSeconds`: up to a week.
pub const DEADLINE_SECONDS: RangeInclusive<u32> = 1..=604_800;

/// `deadlineSeconds` when it is absent: a day.
pub const DEFAULT_DEADLINE_SECONDS: u32 = 86_400;

/// Value of `maxAttempts`.
pub const MAX_ATTEMPTS: RangeInclusive<u8> = 1..=20;

/// `maxAttempts` when it is absent.
pub const DEFAULT_MAX_ATTEMPTS: u8 = 5;

/// Length of `sourceCode` and `userCode`: up to 256 KiB.
pub const SOURCE_BYTES: RangeInclusive<usize> = 1..=262_144;

/// Length of `stdin`; it may be empty.
pub const STDIN_BYTES: RangeInclusive<usize> = 0..=262_144;

/// Value of `timeLimit`, in seconds.
pub const TIME_LIMIT_SECONDS: RangeInclusive<f64> = 0.1..=30.0;

/// `timeLimit` when it is absent, where so much is allowed.
pub const DEFAULT_TIME_LIMIT_SECONDS: f64 = 10.0;

/// Value of `memoryLimit`, in MiB, for the languages that our executors run.
pub const MEMORY_LIMIT_MIB: RangeInclusive<u32> = 16..=64;

/// The largest `memoryLimit` that a remote executor may be given, in MiB.
pub const REMOTE_MEMORY_LIMIT_MIB: u32 = 512;

/// `memoryLimit` when it is absent, where so much is allowed.
pub const DEFAULT_MEMORY_LIMIT_MIB: u32 = 64;

/// How many `testCases` there may be.
pub const TEST_CASES: RangeInclusive<usize> = 1..=100;

/// The most bytes of all `testCases` as JSON. A body is no longer than that, but numbers can be
/// written shorter than they are stored: `1e15` has sixteen digits.
pub const TEST_CASES_BYTES: usize = 1_048_576;

/// Length of a test case's `name`.
pub const TEST_NAME_BYTES: RangeInclusive<usize> = 1..=128;

/// Length of `functionName`.
pub const FUNCTION_NAME_BYTES: RangeInclusive<usize> = 1..=128;

/// Value of `tolerance`.
pub const TOLERANCE: RangeInclusive<f64> = 0.0..=1.0;

/// `tolerance` when it is absent.
pub const DEFAULT_TOLERANCE: f64 = 1e-9;
