//! What every database below the store must do, as one list of cases run over each of them.
//!
//! A case gets a store on a database with the migrations applied and no rows, and panics when the
//! database does otherwise.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a case is an assertion: it ends by panicking"
)]

mod access;
mod auditing;
mod batching;
mod cancelling;
mod circuits;
mod claiming;
mod committing;
mod dead_lettering;
mod dropping;
mod filing;
mod filtering;
mod ground;
mod limiting;
mod listing;
mod purging;
mod repeating;
mod replaying;
mod replaying_many;
mod replaying_steps;
mod rescuing;
mod retaining;
mod submitting;
mod sweeping;
mod tenants;
mod using;
mod values;

use ground::{
    Tenant, answered, change, commit, count, dead, error, expires_at, letter, query, retry_at,
};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::provider::Usage;
use redrive_shared::store::Store;

/// The instant at which every case begins.
pub const START: Instant = Instant::from_millis(1_795_000_000_000);

/// How long the cases lease jobs, in seconds.
const LEASE_SECONDS: i64 = 180;

/// How many answers there are.
const RESULTS: &str = "SELECT count(*) AS n FROM task_results";

/// How long the jobs of the cases have, in seconds.
const DEADLINE_SECONDS: u32 = 3_600;

/// How long a tenant that says nothing else keeps requests and answers, in seconds.
const PAYLOAD_RETENTION_SECONDS: i64 = 604_800;

/// The model that the jobs of the cases ask for.
const MODEL: &str = "sim-ok";

/// What an answer of the cases counts.
const USAGE: Usage = Usage {
    input_tokens: Some(3),
    output_tokens: None,
    total_tokens: Some(9),
    cached_tokens: Some(1),
    reasoning_tokens: None,
};

/// What that cost, in micro-dollars.
const COST: u64 = 42;

macro_rules! cases {
    ($($module:ident::$case:ident,)*) => {
        /// The names of all cases.
        pub const CASES: &[&str] = &[$(stringify!($case)),*];

        /// Runs one case by its name.
        ///
        /// # Panics
        /// When the database does not do what the case's name says, or there is no such case.
        pub async fn run<D: Database>(case: &str, store: &Store<D>) {
            match case {
                $(stringify!($case) => $module::$case(store).await,)*
                _ => panic!("no case is named {case}"),
            }
        }
    };
}

cases! {
    access::a_key_of_an_unknown_tenant_is_not_stored,
    access::a_key_is_found_by_its_hash_and_listed_by_its_tenant,
    access::a_second_revocation_keeps_the_first_instant,
    auditing::what_changes_something_is_entered_once,
    auditing::entries_are_read_by_filter_and_page,
    batching::a_key_of_a_batch_names_one,
    batching::of_two_steps_of_a_batch_one_makes_its_jobs,
    batching::counts_follow_the_jobs_and_endings_are_numbered,
    batching::a_cancelled_batch_takes_no_step_but_its_own,
    batching::results_of_a_batch_are_read_in_pages,
    batching::batches_are_listed_newest_first_and_by_page,
    batching::an_overdue_step_of_a_batch_is_sent_again,
    batching::an_ended_batch_goes_after_its_time,
    cancelling::a_cancelled_job_takes_no_answer,
    cancelling::a_terminal_job_is_not_cancelled,
    cancelling::the_history_tells_that_a_call_was_under_way_and_only_then,
    circuits::an_opening_is_never_shortened,
    circuits::one_attempt_probes_and_its_word_closes,
    circuits::a_claim_tells_every_circuit_that_is_not_closed,
    circuits::a_circuit_that_nobody_probed_for_a_day_is_forgotten,
    claiming::a_new_job_is_queued_and_due_at_once,
    claiming::repeating_a_submission_changes_nothing,
    claiming::a_claim_takes_due_jobs_and_numbers_the_attempt,
    claiming::a_leased_job_is_not_claimed_again,
    claiming::a_job_is_not_claimed_before_it_is_due,
    claiming::a_job_is_never_claimed_after_its_deadline,
    claiming::a_message_of_another_tenant_claims_nothing,
    claiming::a_job_that_this_version_cannot_read_leaves_its_neighbours_alone,
    committing::an_answer_is_stored_with_its_job,
    committing::a_stale_attempt_cannot_complete_its_job,
    committing::a_repeated_commit_changes_nothing,
    committing::the_row_tells_whether_a_commit_took_effect,
    committing::a_failure_and_a_deferral_are_counted_apart,
    committing::an_unsuccessful_end_keeps_its_reason,
    committing::a_batch_of_commits_judges_each_by_its_own_fence,
    committing::the_largest_delivery_is_claimed_and_committed_at_once,
    dead_lettering::a_delivery_ends_its_jobs_that_wait_past_their_deadline,
    dead_lettering::a_passed_deadline_keeps_what_the_provider_said_last,
    dead_lettering::letters_of_one_cause_have_one_fingerprint_whoever_wrote_them,
    dropping::what_a_dropped_answer_cost_is_kept_once_an_attempt,
    dropping::what_a_dropped_attempt_used_is_counted_once,
    dropping::a_dropped_answer_of_an_unknown_job_is_kept_nowhere,
    filing::a_file_is_read_when_it_is_whole,
    filing::a_line_is_found_in_its_chunk,
    filing::a_file_is_deleted_whole_and_not_before_its_time,
    filing::the_file_of_a_batch_is_kept_until_it_ends,
    filtering::letters_pass_every_part_of_a_filter,
    filtering::letters_are_counted_by_their_causes,
    filtering::whoever_ends_a_job_notes_whom_it_asked,
    limiting::as_many_slots_are_taken_as_there_are,
    limiting::a_slot_is_free_when_its_time_is_over,
    limiting::a_minute_has_so_many_calls,
    limiting::both_limits_hold_together,
    limiting::a_repeated_taking_takes_nothing_more,
    listing::jobs_are_listed_newest_first_and_by_page,
    listing::jobs_are_listed_by_state_kind_and_reference,
    listing::jobs_are_listed_by_the_time_of_their_submission,
    listing::another_tenant_sees_nothing,
    listing::a_list_leaves_out_what_a_model_had_said,
    purging::a_purge_is_entered_when_the_count_holds,
    purging::a_purge_deletes_the_very_letters_that_were_counted,
    repeating::a_repeated_claim_gives_the_same_claims_and_no_new_attempt,
    repeating::a_repeated_claim_extends_the_lease,
    repeating::a_claim_of_another_delivery_gets_nothing,
    repeating::a_claim_repeated_after_the_commit_gets_nothing,
    replaying::a_letter_is_queued_again_with_a_fresh_budget_and_its_history,
    replaying::what_is_not_overridden_stays,
    replaying::a_replay_asked_for_twice_is_done_once,
    replaying::of_many_replays_of_one_letter_one_is_done,
    replaying::what_is_not_dead_is_not_replayed,
    replaying::a_letter_without_its_payload_is_not_replayed,
    replaying::a_key_of_a_replay_names_one_entry,
    replaying::letters_are_listed_newest_first_by_code_and_page,
    replaying_many::a_replay_begins_where_letters_match,
    replaying_many::a_key_of_a_replay_of_many_names_one,
    replaying_many::a_beginning_that_is_repeated_after_the_end_finds_its_own,
    replaying_steps::a_step_puts_letters_back_with_their_history,
    replaying_steps::of_two_steps_at_once_one_is_taken,
    replaying_steps::what_is_no_longer_dead_is_passed_over,
    replaying_steps::outcomes_follow_the_jobs_until_another_replay,
    replaying_many::an_operator_moves_a_replay,
    replaying_many::an_overdue_step_is_sent_again,
    replaying_many::an_ended_replay_goes_after_its_time,
    rescuing::a_job_whose_lease_ran_out_is_rescued_by_a_claim_that_takes_suspects,
    rescuing::a_job_that_was_rescued_is_claimed_with_suspects_only,
    rescuing::a_job_is_not_rescued_more_often_than_allowed,
    retaining::payloads_and_jobs_go_when_their_time_is_over,
    retaining::a_tenant_says_how_long_its_jobs_are_kept,
    retaining::a_letter_loses_what_the_provider_quoted,
    retaining::a_repeated_step_changes_nothing,
    retaining::a_replayed_letter_is_kept,
    retaining::a_step_is_bounded_and_the_next_goes_on,
    retaining::undecodable_messages_go_after_their_time,
    retaining::usage_outlives_its_jobs_and_goes_after_400_days,
    submitting::an_idempotency_key_makes_one_job,
    submitting::a_key_is_the_tenants_own,
    submitting::a_key_names_a_new_job_after_a_day,
    sweeping::an_expired_lease_is_queued_again,
    sweeping::the_last_rescue_ends_as_poison,
    sweeping::a_passed_deadline_ends_the_wait,
    sweeping::a_missing_message_is_sent_again_after_the_grace,
    sweeping::a_second_sweep_finds_nothing,
    sweeping::a_sweep_is_bounded,
    sweeping::what_is_rescued_and_what_is_sent_again_share_the_limit,
    sweeping::a_crowd_that_cannot_be_moved_stops_nobody_behind_it,
    tenants::a_tenant_keeps_jobs_as_long_as_it_says,
    tenants::payloads_never_outlive_their_jobs,
    using::calls_are_added_to_their_day_provider_and_model,
    using::what_nobody_knows_is_not_counted_as_nothing,
    using::a_repeated_or_stale_commit_adds_nothing,
    using::each_commit_of_a_batch_is_counted_by_its_own_fence,
    using::an_attempt_that_called_nobody_writes_nothing,
    using::numbers_that_no_call_has_are_not_believed,
    using::usage_is_grouped_within_its_days_for_its_tenant,
    values::text_and_large_numbers_come_back_as_they_were,
    values::what_a_later_version_wrote_is_read_as_unknown,
    values::a_megabyte_of_request_is_kept,
    values::a_failing_statement_undoes_its_whole_batch,
    values::each_statement_counts_its_own_changes,
    values::a_row_that_no_transition_leaves_is_refused,
    values::an_undecodable_message_is_recorded_once,
}
