use crate::bucket::{Bucket, BucketError};
use worker::send::SendFuture;

/// Cloudflare R2.
#[derive(Debug)]
pub struct R2(worker::Bucket);

impl R2 {
    /// The bucket behind a binding.
    #[must_use]
    pub const fn new(bucket: worker::Bucket) -> Self {
        Self(bucket)
    }

    async fn read(&self, key: &str) -> worker::Result<Option<String>> {
        let Some(object) = self.0.get(key).execute().await? else {
            return Ok(None);
        };
        match object.body() {
            Some(body) => body.text().await.map(Some),
            None => Ok(None),
        }
    }
}

fn failed(error: &worker::Error) -> BucketError {
    BucketError(error.to_string())
}

impl Bucket for R2 {
    fn put(&self, key: &str, text: String) -> impl Future<Output = Result<(), BucketError>> + Send {
        SendFuture::new(async move {
            let put = self.0.put(key, text).execute().await;
            put.map(drop).map_err(|error| failed(&error))
        })
    }

    fn get(&self, key: &str) -> impl Future<Output = Result<Option<String>, BucketError>> + Send {
        SendFuture::new(async move { self.read(key).await.map_err(|error| failed(&error)) })
    }

    fn delete(&self, keys: Vec<String>) -> impl Future<Output = Result<(), BucketError>> + Send {
        SendFuture::new(async move {
            let delete = self.0.delete_multiple(keys).await;
            delete.map_err(|error| failed(&error))
        })
    }
}
