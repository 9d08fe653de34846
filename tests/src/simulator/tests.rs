//! The simulator, called over real connections.

mod answers;
mod anthropic;
mod azure;
mod background;
mod control;
mod customers;
mod faults;
mod jobs;
mod lifetime;
mod log;
mod openai;
mod piston;
mod responses;
mod rows;
mod transport;
mod workers_ai;

use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::{Options, Simulator};

/// The longest that a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(10);

/// A simulator and a client of it.
struct Stage {
    simulator: Simulator,
    client: Client,
}

/// A response that has been read to its end.
struct Whole {
    status: StatusCode,
    response_headers: reqwest::header::HeaderMap,
    text: String,
}

impl Stage {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        Self {
            simulator: Simulator::start(options).unwrap(),
            client: Client::builder()
                .redirect(Policy::none())
                .timeout(PATIENCE)
                .build()
                .unwrap(),
        }
    }

    /// A chat call with this body.
    fn post(&self, body: &Value) -> RequestBuilder {
        let url = format!("{}/chat/completions", self.simulator.url());
        self.client.post(url).json(body)
    }

    /// A plain call of this model.
    fn call(&self, model: &str) -> RequestBuilder {
        self.post(&question(model))
    }

    /// A plain call of this model, for a job.
    fn call_for(&self, job: &str, attempt: u32, model: &str) -> RequestBuilder {
        self.call(model)
            .header("X-Redrive-Job", job)
            .header("X-Redrive-Attempt", attempt)
    }

    /// A call of this path, by no vendor's rules.
    fn at(&self, path: &str) -> RequestBuilder {
        self.client
            .post(format!("{}{path}", self.simulator.origin()))
    }

    /// A whole answer to a call of this path.
    async fn told(&self, path: &str, body: &Value) -> Whole {
        whole(self.at(path).json(body).send().await.unwrap()).await
    }

    async fn answer(&self, model: &str) -> Whole {
        whole(self.call(model).send().await.unwrap()).await
    }

    /// What a control route tells.
    async fn ask(&self, path: &str) -> Value {
        let url = format!("{}/{path}", self.simulator.control_url());
        let response = self.client.get(url).send().await.unwrap();
        response.json().await.unwrap()
    }

    /// The counts of all calls.
    async fn counts(&self) -> Value {
        self.ask("calls").await
    }

    /// The calls of one job.
    async fn calls(&self, job: &str) -> Vec<Value> {
        let answer = self.ask(&format!("calls/{job}")).await;
        answer["calls"].as_array().unwrap().clone()
    }

    /// Posts to a control route that answers with nothing of interest.
    async fn command(&self, name: &str) {
        let url = format!("{}/{name}", self.simulator.control_url());
        let response = self.client.post(url).send().await.unwrap();
        assert_eq!(response.status(), 200);
    }

    /// Waits until a count has this value.
    async fn until_count(&self, name: &str, value: u64) {
        let deadline = Instant::now() + PATIENCE;
        while self.counts().await[name] != value {
            assert!(Instant::now() < deadline, "{name} never was {value}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

impl Whole {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.response_headers.get(name)?.to_str().ok()
    }

    /// The one choice of a completion.
    fn choice(&self) -> Value {
        let choices = &self.json()["choices"];
        assert_eq!(choices.as_array().unwrap().len(), 1);
        choices[0].clone()
    }

    /// The text of the one choice.
    fn content(&self) -> String {
        let choice = self.choice();
        choice["message"]["content"].as_str().unwrap().to_owned()
    }
}

async fn whole(response: Response) -> Whole {
    Whole {
        status: response.status(),
        response_headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

fn question(model: &str) -> Value {
    json!({"model": model, "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Why is the sky blue?"},
    ]})
}
