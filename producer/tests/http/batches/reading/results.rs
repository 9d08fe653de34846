//! Results, and the file of errors.

use super::super::{accepted, column, end, lines, step, submit};
use super::{get, made};
use crate::support::{Api, Tenant};
use redrive_shared::ids::BatchId;
use serde_json::json;

#[tokio::test]
async fn results_come_in_the_order_of_lines_up_to_the_first_that_has_none() {
    let api = Api::new();
    let user = api.user().await;
    let batch = made(&api, &user, 40).await;
    assert!(lines(&get(&api, &user, &batch, "/results").await).is_empty());
    for place in (0..40).filter(|place| *place != 35) {
        let state = if place % 10 == 3 {
            "dead_lettered"
        } else {
            "succeeded"
        };
        end(&api, &user, &batch, place, state);
    }
    let found = lines(&get(&api, &user, &batch, "/results").await);
    let numbers: Vec<u64> = column(&found, "line")
        .into_iter()
        .filter_map(|line| line.as_u64())
        .collect();
    assert_eq!(numbers, (1..=35).collect::<Vec<_>>());
    let second = &found[1];
    assert_eq!(
        (&second["customId"], &second["jobId"], &second["status"]),
        (
            &json!("q-2"),
            &json!(batch.job(1).as_str()),
            &json!("succeeded")
        )
    );
    assert_eq!(
        (&second["result"]["output"], &second["usage"]["totalTokens"]),
        (&json!("answer 1"), &json!(3))
    );
    assert_eq!(
        (&second["provider"], &second["error"]),
        (&json!("openai"), &json!(null))
    );
    assert!(second["completedAt"].is_string());
    let dead = &found[3];
    assert_eq!(
        (&dead["status"], &dead["error"]["code"]),
        (&json!("dead_lettered"), &json!("provider_error"))
    );
    assert!(dead["result"].is_null());

    end(&api, &user, &batch, 35, "failed");
    assert_eq!(lines(&get(&api, &user, &batch, "/results").await).len(), 40);
    assert_eq!(
        lines(&get(&api, &user, &batch, "/results?order=line").await).len(),
        40
    );
}

#[tokio::test]
async fn results_come_in_the_order_in_which_they_ended_and_go_on_after_a_cursor() {
    let api = Api::new();
    let user = api.user().await;
    let batch = made(&api, &user, 30).await;
    let order = [7, 3, 29, 0, 11];
    for place in order {
        end(&api, &user, &batch, place, "succeeded");
    }
    let path = "/results?order=completion";
    let found = lines(&get(&api, &user, &batch, path).await);
    assert_eq!(column(&found, "line"), order.map(|place| place + 1));
    let cursor = found[1]["cursor"].as_str().expect("a cursor");
    let on = format!("{path}&cursor={cursor}");
    assert_eq!(
        column(&lines(&get(&api, &user, &batch, &on).await), "line"),
        [30, 1, 12]
    );
    let last = found[4]["cursor"].as_str().expect("a cursor").to_owned();
    let on = format!("{path}&cursor={last}");
    assert!(lines(&get(&api, &user, &batch, &on).await).is_empty());
    for place in 12..29 {
        end(&api, &user, &batch, place, "succeeded");
    }
    let more = lines(&get(&api, &user, &batch, &on).await);
    assert_eq!(column(&more, "line"), (13..30).collect::<Vec<_>>());
    let few = lines(&get(&api, &user, &batch, &format!("{path}&limit=3")).await);
    assert_eq!(few.len(), 3);
}

#[tokio::test]
async fn cursors_of_line_order_give_every_line_once_in_pages_of_any_size() {
    let api = Api::new();
    let user = api.user().await;
    let batch = made(&api, &user, 70).await;
    for place in 0..70 {
        end(&api, &user, &batch, place, "succeeded");
    }
    for limit in [1, 16, 17, 33, 69, 70, 50_000] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/results?limit={limit}{after}");
            let page = lines(&get(&api, &user, &batch, &path).await);
            let Some(last) = page.last() else { break };
            after = format!("&cursor={}", last["cursor"].as_str().expect("a cursor"));
            seen.extend(
                column(&page, "line")
                    .into_iter()
                    .filter_map(|line| line.as_u64()),
            );
        }
        assert_eq!(seen, (1..=70).collect::<Vec<_>>(), "{limit}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let api = Api::new();
    let (user, other) = (api.user().await, api.user().await);
    let (batch, second) = (made(&api, &user, 2).await, made(&api, &user, 2).await);
    let foreign = made(&api, &other, 2).await;
    for (owner, batch) in [(&user, &batch), (&user, &second), (&other, &foreign)] {
        end(&api, owner, batch, 0, "succeeded");
    }
    let cursor = async |owner: &Tenant, batch: &BatchId, order: &str| {
        let found = lines(&get(&api, owner, batch, &format!("/results?order={order}")).await);
        found[0]["cursor"].as_str().expect("a cursor").to_owned()
    };
    let by_line = cursor(&user, &batch, "line").await;
    let by_completion = cursor(&user, &batch, "completion").await;
    let of_list = api.job(&user).await;
    let list = api.get("/api/v1/jobs?limit=1", &user.key).await.json();
    assert!(list["data"][0]["jobId"] == of_list.as_str());
    for query in [
        format!("order=completion&cursor={by_line}"),
        format!("order=line&cursor={by_completion}"),
        format!("cursor={}", cursor(&user, &second, "line").await),
        format!("cursor={}", cursor(&other, &foreign, "line").await),
        format!("cursor={}", list["nextCursor"].as_str().expect("a cursor")),
        "cursor=x".to_owned(),
        "cursor=".to_owned(),
    ] {
        let refused = get(&api, &user, &batch, &format!("/results?{query}")).await;
        assert_eq!(
            (refused.status, refused.named()),
            (422, vec!["?cursor".to_owned()]),
            "{query}"
        );
    }
    for (query, named) in [
        ("order=size", "?order"),
        ("limit=0", "?limit"),
        ("limit=50001", "?limit"),
        ("limit=x", "?limit"),
        ("status=succeeded", "?status"),
    ] {
        let refused = get(&api, &user, &batch, &format!("/results?{query}")).await;
        assert_eq!(
            (refused.status, refused.named()),
            (422, vec![named.to_owned()]),
            "{query}"
        );
    }
}

#[tokio::test]
async fn the_file_of_errors_can_be_posted_again_as_it_is() {
    let api = Api::new();
    let user = api.user().await;
    let body = "{\"customId\":\"a\",\"prompt\":\"one\"}\n\n{\"prompt\":\"two\",\"maxTokens\":5}\r\n{\"prompt\":\"three\"}\n";
    let batch = accepted(&submit(&api, &user, "", body).await);
    step(&api).await;
    assert!(lines(&get(&api, &user, &batch, "/errors").await).is_empty());
    end(&api, &user, &batch, 0, "dead_lettered");
    end(&api, &user, &batch, 1, "failed");
    end(&api, &user, &batch, 2, "succeeded");
    let errors = get(&api, &user, &batch, "/errors").await;
    let found = lines(&errors);
    let reason = |line: u32, place| json!({"code": "provider_error", "message": "The provider failed.", "line": line, "jobId": batch.job(place).as_str()});
    assert_eq!(
        found,
        [
            json!({"customId": "a", "prompt": "one", "error": reason(1, 0)}),
            json!({"prompt": "two", "maxTokens": 5, "error": reason(3, 1)}),
        ]
    );
    let again = submit(&api, &user, "", errors.text).await;
    let again = accepted(&again);
    step(&api).await;
    let question = |batch: &BatchId, place| {
        let sql = format!("SELECT request FROM jobs WHERE id = '{}'", batch.job(place));
        api.database().text(&sql)
    };
    for place in [0, 1] {
        assert_eq!(question(&again, place), question(&batch, place));
    }
}

#[tokio::test]
async fn errors_of_many_lines_are_all_there_and_end_with_the_file() {
    let api = Api::new();
    let user = api.user().await;
    let batch = made(&api, &user, 60).await;
    for place in (0..60).filter(|place| place % 3 != 1) {
        end(&api, &user, &batch, place, "dead_lettered");
    }
    let found = lines(&get(&api, &user, &batch, "/errors").await);
    let expected: Vec<String> = (1..=60)
        .filter(|line| line % 3 != 2)
        .map(|line| format!("q-{line}"))
        .collect();
    assert_eq!(column(&found, "customId"), expected);
    api.database().execute("DELETE FROM file_chunks");
    api.database().execute("DELETE FROM files");
    let gone = get(&api, &user, &batch, "/errors").await;
    assert_eq!(
        (gone.status, gone.code().as_str()),
        (409, "payload-deleted")
    );
    assert!(
        lines(&get(&api, &user, &batch, "/results").await).len() == 1,
        "results do not need it"
    );
}
