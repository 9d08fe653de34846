use serde_json::json;

use super::answers::Answer;
use super::letters::Letters;
use super::routes::{Parameters, nowhere};
use super::{Seen, State};

/// Dead letters, and the replays that put them back.
pub(super) fn answer(
    state: &mut State,
    path: &[&str],
    parameters: &Parameters,
    seen: &Seen,
) -> Answer {
    let letters = &mut state.letters;
    match (seen.method.as_str(), path) {
        ("GET", ["dead-letters"]) => Answer::json(200, &letters.page()),
        ("GET", ["dead-letters", "groups"]) => {
            let (groups, total) = (letters.groups(), letters.count());
            Answer::json(
                200,
                &json!({"data": groups, "total": total, "truncated": false}),
            )
        }
        ("GET", ["dead-letters", id]) if *id == "job_00001" => {
            let mut letter = Letters::letter(1);
            letter["counts"]["attempts"] = json!(13);
            letter["counts"]["deferrals"] = json!(12);
            letter["attempts"] = json!([{"attempt": 13, "outcome": "failed",
                "startedAt": "2026-11-21T08:59:00.000Z", "finishedAt": "2026-11-21T09:00:00.000Z",
                "code": "provider_auth", "provider": "openai", "model": "small"}]);
            letter["excerpt"] = json!("{\"error\":\"bad key\"}");
            Answer::json(200, &letter)
        }
        ("DELETE", ["dead-letters"]) if parameters.contains_key("dryRun") => {
            let (groups, matched) = (letters.groups(), letters.count());
            Answer::json(200, &json!({"matched": matched, "groups": groups}))
        }
        ("DELETE", ["dead-letters"]) => {
            let expected = parameters
                .get("expectedCount")
                .and_then(|count| count.parse().ok());
            if parameters.get("note").is_some_and(|note| note == "late") {
                // One dies between the dry run and the purge.
                letters.add();
            }
            let count = letters.count();
            if letters.purge(expected.unwrap_or(usize::MAX)) {
                let purged = json!({"purged": count, "remaining": 0, "auditId": "aud_1"});
                return Answer::json(200, &purged);
            }
            let more = json!({"count": count});
            Answer::problem(409, "count-changed", "Another number matches.", more)
        }
        ("POST", ["dead-letters", id, "replay"]) => Answer::json(
            202,
            &json!({"success": true, "jobId": id, "status": "queued"}),
        ),
        ("POST" | "GET", ["replays", ..]) => replays(state, path, seen),
        _ => nowhere(),
    }
}

fn replays(state: &mut State, path: &[&str], seen: &Seen) -> Answer {
    let letters = &mut state.letters;
    match (seen.method.as_str(), path) {
        ("POST", ["replays"]) if seen.json()["dryRun"] == true => {
            let (groups, matched) = (letters.groups(), letters.count());
            let plan = json!({"matched": matched, "payloadDeleted": 1, "groups": groups,
                "estimatedCostMicroUsd": 500_000, "withoutEstimate": 2});
            Answer::json(200, &plan)
        }
        ("POST", ["replays"]) if letters.is_empty() => {
            let detail = "No dead letter matches: nothing is to be done.";
            Answer::problem(422, "nothing-matches", detail, json!({}))
        }
        ("POST", ["replays"]) => {
            let matched = letters.count();
            if letters.begin() {
                let answer = json!({"success": true, "replayId": "rep_1", "status": "running",
                    "statusUrl": "http://x", "matched": matched});
                return Answer::json(202, &answer);
            }
            let more = json!({"replayId": "rep_1"});
            Answer::problem(409, "replay-running", "Another replay is running.", more)
        }
        ("GET", ["replays", "rep_1"]) => Answer::json(200, &letters.replay()),
        ("POST", ["replays", "rep_1", verb]) => {
            letters.steer(verb);
            Answer::json(200, &letters.replay())
        }
        _ => nowhere(),
    }
}
