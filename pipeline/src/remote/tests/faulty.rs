//! A store in memory that writes down what is asked of it, and fails where a test says so.

use super::inner;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use std::sync::Mutex;

/// `put`, `get`, `copy`, `delete` with the key; an entry of `fail` is such a line, or the beginning of one.
#[derive(Debug, Default)]
pub(super) struct Faulty {
    pub(super) inner: InMemory,
    log: Mutex<Vec<String>>,
    fail: Mutex<Option<String>>,
    cut: Mutex<Option<String>>,
}

impl Faulty {
    /// Fails what begins so, from now on.
    pub(super) fn fail(&self, what: Option<&str>) {
        *self.fail.lock().unwrap() = what.map(str::to_owned);
    }

    /// Breaks the content of this key off.
    pub(super) fn cut(&self, key: Option<&str>) {
        *self.cut.lock().unwrap() = key.map(str::to_owned);
    }

    /// What was asked since the last call.
    pub(super) fn log(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    fn note(&self, what: &str, key: &Path) -> Result<()> {
        let line = format!("{what} {key}");
        let fails = self.fail.lock().unwrap().as_ref().is_some_and(|fail| line.starts_with(fail.as_str()));
        self.log.lock().unwrap().push(line.clone());
        let error = || Error::Generic { store: "test", source: format!("no more: {line}").into() };
        if fails { Err(error()) } else { Ok(()) }
    }
}

impl std::fmt::Display for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a store that fails")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.note("put", location)?;
        inner(self).put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.note("parts", location)?;
        inner(self).put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.note(if options.head { "head" } else { "get" }, location)?;
        let mut found = inner(self).get_opts(location, options).await?;
        if self.cut.lock().unwrap().as_deref().is_some_and(|key| location.as_ref().ends_with(key)) {
            found.payload = GetResultPayload::Stream(futures_util::stream::empty().boxed());
        }
        Ok(found)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let locations: Vec<Result<Path>> = futures_util::FutureExt::now_or_never(locations.collect()).unwrap();
        let noted: Vec<Result<Path>> =
            locations.into_iter().map(|path| path.and_then(|path| self.note("delete", &path).map(|()| path))).collect();
        inner(self).delete_stream(futures_util::stream::iter(noted).boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        inner(self).list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        inner(self).list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.note("copy", to)?;
        inner(self).copy_opts(from, to, options).await
    }
}
