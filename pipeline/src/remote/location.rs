//! What a URL of the study says: a scheme, a bucket, a path in it. Credentials and options are never part of it.

use std::fmt;

/// Schemes of object stores, as they stand in a study.
const SCHEMES: [&str; 3] = ["s3", "gs", "az"];

/// A place that a study names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A path of this machine, as it is in the study or from a `file://` URL.
    Local(String),
    /// A place in an object store.
    Remote(Location),
}

impl Place {
    /// The place, where it is in an object store.
    pub(super) fn location(&self) -> Option<&Location> {
        match self {
            Place::Local(_) => None,
            Place::Remote(location) => Some(location),
        }
    }
}

/// A place in an object store: `s3://bucket/path`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location {
    /// `s3`, `gs` or `az`.
    pub(super) scheme: &'static str,
    /// Bucket, or container.
    pub(super) bucket: String,
    /// Path inside the bucket, without `/` at its ends; may be empty.
    pub(super) path: String,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.bucket)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, "/{}", self.path) }
    }
}

/// Whether a text of a study is a URL rather than a path.
pub(crate) fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

/// Reads a folder or object of a study: a path stays as it is.
///
/// # Errors
/// A scheme that is not known, no bucket, credentials or options in the URL, a path with empty parts, `.` or `..`.
pub(super) fn parse(text: &str) -> Result<Place, String> {
    if !is_url(text) {
        return Ok(Place::Local(text.to_owned()));
    }
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    if scheme == "file" {
        return local(rest).map(Place::Local);
    }
    let Some(scheme) = SCHEMES.into_iter().find(|known| *known == scheme) else {
        return Err(format!("none of s3://, gs://, az://, file://: `{scheme}://`"));
    };
    let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.contains(['@', ':']) || rest.contains(['?', '#']) {
        return Err("credentials and options stand in the environment, not in the URL".into());
    }
    if bucket.is_empty() {
        return Err(format!("names no bucket: `{text}`"));
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    if !path.is_empty() {
        path.split('/').try_for_each(sound_part)?;
    }
    Ok(Place::Remote(Location { scheme, bucket: bucket.to_owned(), path: path.to_owned() }))
}

/// Cuts a glob at its first wildcard: the folder before it, and what the objects below must match.
pub(super) fn cut_glob(glob: &str) -> (String, String) {
    let (head, path) = match glob.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), glob),
    };
    let parts: Vec<&str> = path.split('/').collect();
    let fixed = parts.iter().take_while(|part| !part.contains(['*', '?'])).count().min(parts.len() - 1);
    (head + &parts[..fixed].join("/"), parts[fixed..].join("/"))
}

/// A part of a key that is the name of a file or folder everywhere, and of this folder only.
///
/// # Errors
/// What is wrong with it.
pub(super) fn sound_part(part: &str) -> Result<(), String> {
    match part {
        "" => Err("an empty part between two `/`".into()),
        "." | ".." => Err(format!("a part that is no name: `{part}`")),
        _ if part.contains(['\\', ':']) || part.chars().any(char::is_control) => {
            Err(format!("a part with a character that no file name has everywhere: {part:?}"))
        }
        _ => Ok(()),
    }
}

/// The path of a `file://` URL.
fn local(rest: &str) -> Result<String, String> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return Err(format!("names another machine, or no whole path: `file://{rest}`"));
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut left = path.as_bytes();
    while let Some((&byte, rest)) = left.split_first() {
        left = rest;
        bytes.push(if byte != b'%' {
            byte
        } else {
            let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
            let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            left = rest.get(2..).unwrap_or_default();
            value.ok_or_else(|| format!("`%` without two hexadecimal digits: `file://{path}`"))?
        });
    }
    String::from_utf8(bytes).map_err(|_| format!("not UTF-8: `file://{path}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(text: &str) -> Location {
        match parse(text) {
            Ok(Place::Remote(location)) => location,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn urls_say_scheme_bucket_and_path() {
        assert_eq!(remote("s3://claims/nation/raw/").to_string(), "s3://claims/nation/raw");
        assert_eq!(remote("gs://claims").path, "");
        assert_eq!(remote("az://container/a").scheme, "az");
        for path in ["raw", "/data/raw", "../raw", "C:/raw", "raw/a:b"] {
            assert_eq!(parse(path), Ok(Place::Local(path.into())), "{path}");
        }
        assert_eq!(parse("file:///data/a%20b"), Ok(Place::Local("/data/a b".into())));
        assert_eq!(parse("file://localhost/data"), Ok(Place::Local("/data".into())));
    }

    #[test]
    fn urls_that_are_none_are_refused() {
        for (text, says) in [
            ("http://host/raw", "none of s3://"),
            ("s3:///raw", "names no bucket"),
            ("s3://key:secret@bucket/raw", "stand in the environment"),
            ("az://container/raw?sig=x", "stand in the environment"),
            ("s3://bucket/a/../b", "no name: `..`"),
            ("s3://bucket//b", "an empty part"),
            ("file://host/data", "another machine"),
            ("file:///data/%2", "two hexadecimal digits"),
        ] {
            let error = parse(text).expect_err(says);
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn globs_are_cut_at_the_first_wildcard() {
        let cut = |glob: &str| cut_glob(glob);
        assert_eq!(cut("s3://b/raw/20??/carrier*.csv"), ("s3://b/raw".into(), "20??/carrier*.csv".into()));
        assert_eq!(cut("s3://b/raw/carrier.csv"), ("s3://b/raw".into(), "carrier.csv".into()));
        assert_eq!(cut("s3://b/**/carrier.csv"), ("s3://b".into(), "**/carrier.csv".into()));
    }
}
