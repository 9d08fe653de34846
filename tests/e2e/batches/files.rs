//! Where the lines of a batch lie: in the bucket, where the deployment has one.

use anyhow::Result;
use redrive_tests::stage::FileRows;
use serde_json::json;

use super::{check_answered, ended, lines, post, submit, swept_to_its_end, told};
use crate::stages::{shared, with_bucket};

#[test]
fn lines_lie_in_the_database_where_there_is_no_bucket() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let body = lines("sim-ok", 20, 0);
        let bytes = i64::try_from(body.len())?;
        submit(&tenant.client, "", body).await?;
        let files = stage.files(&tenant.id)?;
        let expected = FileRows {
            files: 1,
            writing: 0,
            chunks: 1,
            bytes,
        };
        assert_eq!(files, expected);
        Ok(())
    })
}

#[test]
fn lines_lie_in_the_bucket_where_there_is_one_and_outlast_a_kill() -> Result<()> {
    with_bucket(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        let id = submit(client, "", lines("sim-ok@bucket", 100, 60_000)).await?;
        super::begun(stage, &id).await?;
        let files = stage.files(&tenant.id)?;
        assert_eq!((files.files, files.writing, files.bytes), (1, 0, 0));
        assert!(files.chunks >= 6, "{files:?}");
        let objects = stage.objects()?;
        assert!(
            objects >= usize::try_from(files.chunks)?,
            "{objects} objects"
        );
        stage.crash()?;
        swept_to_its_end(stage, client, &id).await?;
        check_answered(stage, client, &id, 100).await
    })
}

#[test]
fn refused_upload_leaves_nothing_in_the_bucket_and_errors_are_read_from_it() -> Result<()> {
    with_bucket(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        let before = stage.objects()?;
        let body = lines("sim-ok@bucket", 30, 60_000) + "{nonsense\n";
        let refused = post(client, "", body).await?.json(422)?;
        assert_eq!(refused["lines"][0]["line"], 31, "{refused:#}");
        assert_eq!(stage.files(&tenant.id)?, FileRows::default());
        assert_eq!(stage.objects()?, before);

        let body = lines("sim-ok@bucket", 2, 0) + "{nonsense\n";
        let id = submit(client, "?onError=skip", body).await?;
        ended(client, &id, async || Ok(())).await?;
        let errors = told(client, &id, "errors").await?;
        assert_eq!(errors.len(), 1);
        assert_eq!(
            (&errors[0]["invalidLine"], &errors[0]["error"]["line"]),
            (&json!("{nonsense"), &json!(3))
        );
        Ok(())
    })
}
