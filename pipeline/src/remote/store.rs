//! Opening a store with what the environment says, waiting for it, and its errors in our words.

use super::location::Location;
use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::table::Problems;
use futures_util::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Key;
use object_store::{BackoffConfig, ClientConfigKey, Error, ObjectMeta, ObjectStore, RetryConfig};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Requests on their way at one time.
pub(super) const CONCURRENT: usize = 8;
/// Bytes of one request: a longer one may outlast the client's patience, and an uploaded part is held in memory.
pub(super) const GET_BYTES: u64 = 64 << 20;
/// Longest that one request may take.
const PATIENCE: &str = "10 minutes";

/// A prefix of a store.
#[derive(Clone, Debug)]
pub(super) struct Prefix {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) root: Key,
    /// As the study says it.
    pub(super) url: String,
}

impl Prefix {
    /// The place of a key relative to the prefix.
    ///
    /// # Errors
    /// A key that is none.
    pub(super) fn at(&self, key: &str) -> Outcome<Key> {
        let whole = if self.root.is_root() { key.to_owned() } else { format!("{}/{key}", self.root) };
        Key::parse(whole).doing("not a key of an object store", Path::new(&self.name(key)))
    }

    /// A key as messages say it.
    pub(super) fn name(&self, key: &str) -> String {
        if key.is_empty() { self.url.clone() } else { format!("{}/{key}", self.url) }
    }

    /// All objects below, keys relative to the prefix, in no order.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn list(&self) -> Outcome<Vec<(String, ObjectMeta)>> {
        let prefix = (!self.root.is_root()).then_some(&self.root);
        let found: Vec<ObjectMeta> = self
            .store
            .list(prefix)
            .try_collect()
            .await
            .map_err(|error| self.trouble("", "cannot be listed", &error))?;
        let relative = |of: ObjectMeta| {
            let key = of.location.as_ref().strip_prefix(self.root.as_ref()).unwrap_or(of.location.as_ref());
            // `list` takes whole parts: what remains begins with `/`, but at the root of a bucket.
            (key.strip_prefix('/').unwrap_or(key).to_owned(), of)
        };
        Ok(found.into_iter().map(relative).collect())
    }

    /// What a store's error is to a reader.
    pub(super) fn trouble(&self, key: &str, what: &str, error: &Error) -> Problems {
        let name = self.name(key);
        let scheme = self.url.split("://").next().unwrap_or_default();
        let said = plain(&error.to_string());
        let denied = matches!(error, Error::PermissionDenied { .. } | Error::Unauthenticated { .. })
            || ["status 401", "status 403", "AccessDenied", "InvalidAccessKeyId"]
                .iter()
                .any(|sign| said.contains(sign));
        let hint = match error {
            _ if denied => format!("the store refuses the credentials of the environment: {}", credentials(scheme)),
            Error::NotFound { .. } => "is the bucket's name right, and the endpoint's?".to_owned(),
            _ => format!("where it is and who asks is said by the environment: {}", credentials(scheme)),
        };
        trouble::of_file_with_hint(Path::new(&name), format!("{what}: {said}"), hint).into()
    }
}

/// The variables that a store's own tools read.
fn credentials(scheme: &str) -> &'static str {
    match scheme {
        "gs" => "GOOGLE_SERVICE_ACCOUNT, GOOGLE_APPLICATION_CREDENTIALS",
        "az" => "AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN",
        _ => "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL",
    }
}

/// Opens the store of a location. No request is made.
///
/// # Errors
/// What the environment says is not enough, or not understood.
pub(super) fn open(location: &Location) -> Outcome<Prefix> {
    // Several cryptographies may be linked; a second choice of ours is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let bucket = format!("{}://{}", location.scheme, location.bucket);
    let retry = retries(std::env::var("AWS_MAX_ATTEMPTS").ok().as_deref());
    macro_rules! build {
        ($builder:ty, $key:path) => {{
            let mut builder = <$builder>::from_env().with_url(bucket).with_retry(retry);
            if builder.get_config_value(&$key(ClientConfigKey::Timeout)).is_none_or(|is| is == "30s") {
                builder = builder.with_config($key(ClientConfigKey::Timeout), PATIENCE);
            }
            builder.build().map(|store| Arc::new(store) as Arc<dyn ObjectStore>)
        }};
    }
    let store = match location.scheme {
        "gs" => build!(GoogleCloudStorageBuilder, object_store::gcp::GoogleConfigKey::Client),
        "az" => build!(MicrosoftAzureBuilder, object_store::azure::AzureConfigKey::Client),
        _ => build!(AmazonS3Builder, object_store::aws::AmazonS3ConfigKey::Client),
    };
    let url = location.to_string();
    let root = Key::parse(&location.path).doing("not a key of an object store", Path::new(&url))?;
    let prefix = |store| Prefix { store, root: root.clone(), url: url.clone() };
    store.map(prefix).map_err(|error| {
        let what = format!("cannot be opened: {}", plain(&error.to_string()));
        let hint = format!("where it is and who asks is said by the environment: {}", credentials(location.scheme));
        trouble::of_file_with_hint(Path::new(&url), what, hint).into()
    })
}

/// Eight retries over half a minute, or as many as AWS's own tools would make.
fn retries(attempts: Option<&str>) -> RetryConfig {
    let attempts: Option<usize> = attempts.and_then(|text| text.trim().parse().ok());
    RetryConfig {
        backoff: BackoffConfig { max_backoff: Duration::from_secs(10), ..BackoffConfig::default() },
        max_retries: attempts.map_or(8, |attempts| attempts.max(1) - 1),
        retry_timeout: Duration::from_secs(180),
    }
}

/// Waits, on this thread, for what is asked of a store.
///
/// # Errors
/// Those of the work; a runtime that cannot be started.
pub(super) fn wait<T>(url: &str, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.doing("the runtime of its requests cannot be started", Path::new(url))?.block_on(work)
}

/// Beginnings of an error that wrap another.
const WRAPS: [&str; 3] = ["Generic ", "Error performing list request", "Error performing put request"];

/// What a store's XML answer says: its code and message.
fn without_xml(text: &str) -> String {
    let Some((before, xml)) = text.split_once("<?xml") else { return text.to_owned() };
    let tag = |name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
    };
    let said: Vec<&str> = [tag("Code"), tag("Message")].into_iter().flatten().collect();
    format!("{before}{}", said.join(", "))
}

/// One line, without what may follow a `?` in a URL (signatures), not longer than a reader would read.
fn plain(text: &str) -> String {
    const LONGEST: usize = 400;
    let mut text = text;
    // What wraps the error says less than what was being done, which we say ourselves.
    while let Some((_, rest)) = text.split_once(": ").filter(|(wrap, _)| WRAPS.iter().any(|of| wrap.starts_with(of))) {
        text = rest;
    }
    let text = without_xml(text);
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let without = |word: &str| match word.split_once('?') {
        Some((url, query)) if url.contains("://") => {
            let end = query.find([')', '"', '\'', ',', ';']).map_or("", |at| &query[at..]);
            format!("{url}{end}")
        }
        _ => word.to_owned(),
    };
    let safe: String = one_line.split(' ').map(without).collect::<Vec<_>>().join(" ");
    match safe.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", &safe[..at]),
        None => safe,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn errors_hold_no_signatures() {
        let said = plain(
            "Generic S3 error: Error performing list request: Error performing GET https://x.blob.core.windows.net/c/a?sv=1&sig=SECRET in 1s\n  (b?c)",
        );
        assert_eq!(said, "Error performing GET https://x.blob.core.windows.net/c/a in 1s (b?c)");
        let xml = "status 403: <?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>No.</Message><Id>7</Id></Error>";
        assert_eq!(plain(xml), "status 403: AccessDenied, No.");
        assert_eq!(plain("(https://h/a?sig=S), then"), "(https://h/a), then");
        assert_eq!(plain(&"é".repeat(500)).chars().count(), 403);
    }

    #[test]
    fn attempts_are_counted_as_other_tools_count_them() {
        let retries = |text: Option<&str>| super::retries(text).max_retries;
        assert_eq!((retries(None), retries(Some("1")), retries(Some("3")), retries(Some("x"))), (8, 0, 2, 8));
    }

    /// Only that a client can be made: no request goes out.
    #[test]
    fn stores_of_each_cloud_open() {
        for (scheme, path) in [("s3", "a/b"), ("gs", "a"), ("az", "")] {
            let location = Location { scheme, bucket: "bucket".into(), path: path.into() };
            match open(&location) {
                Ok(prefix) => assert_eq!(prefix.root.as_ref(), path),
                // A machine without Azure's account in its environment is told so.
                Err(error) => {
                    assert!(scheme == "az" && error.to_string().contains("AZURE_STORAGE_ACCOUNT_NAME"), "{error}")
                }
            }
        }
    }

    #[test]
    fn keys_are_relative_to_the_prefix() {
        let store: Arc<dyn ObjectStore> = Arc::new(object_store::memory::InMemory::new());
        let prefix = |root: &str| Prefix { store: store.clone(), root: root.into(), url: "s3://b".into() };
        assert_eq!(prefix("a/b").at("c/d").unwrap().as_ref(), "a/b/c/d");
        assert_eq!(prefix("").at("c").unwrap().as_ref(), "c");
        assert!(prefix("a").at("../c").is_err());
    }
}
