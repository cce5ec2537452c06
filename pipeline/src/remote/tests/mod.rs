//! Mirrors and uploads against a store in memory, whole and failing.

#![expect(clippy::unwrap_used, reason = "tests")]

mod faulty;
mod fetching;
mod uploading;

use super::store::Prefix;
use faulty::Faulty;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

/// A store in memory, and a prefix of it.
struct Bucket {
    store: Arc<Faulty>,
    prefix: Prefix,
}

fn bucket(root: &str) -> Bucket {
    let store = Arc::new(Faulty::default());
    let url = if root.is_empty() { "s3://bucket".to_owned() } else { format!("s3://bucket/{root}") };
    Bucket { prefix: Prefix { store: store.clone(), root: root.into(), url }, store }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

impl Bucket {
    fn put(&self, key: &str, text: &str) {
        let payload = PutPayload::from(text.as_bytes().to_vec());
        wait(self.store.inner.put(&self.prefix.at(key).unwrap(), payload)).unwrap();
    }

    fn delete(&self, key: &str) {
        wait(self.store.inner.delete(&self.prefix.at(key).unwrap())).unwrap();
    }

    /// All objects below the prefix, but for the register.
    fn content(&self) -> BTreeMap<String, String> {
        let mut content = BTreeMap::new();
        for (key, of) in wait(self.prefix.list()).unwrap() {
            let bytes = wait(async { self.store.inner.get(&of.location).await.unwrap().bytes().await.unwrap() });
            content.insert(key, String::from_utf8(bytes.to_vec()).unwrap());
        }
        content.remove(super::upload::REGISTER);
        content
    }
}

/// `key=text` for each object.
fn lines(content: &BTreeMap<String, String>) -> Vec<String> {
    content.iter().map(|(key, text)| format!("{key}={text}")).collect()
}

fn inner(store: &Faulty) -> &dyn ObjectStore {
    &store.inner
}
