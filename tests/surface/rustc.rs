//! Checking programs with rustc against the libraries that this test was built with, so that nothing is built anew.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::SystemTime;

/// The compiled libraries beside this test that fit together.
pub struct Libraries {
    folder: PathBuf,
    parfuse: PathBuf,
    ndarray: PathBuf,
}

impl Libraries {
    /// The newest ones that a correct kernel compiles with: there may be others, built for other features.
    pub fn get() -> &'static Libraries {
        static FOUND: OnceLock<Libraries> = OnceLock::new();
        FOUND.get_or_init(Libraries::find)
    }

    fn find() -> Libraries {
        let test = std::env::current_exe().expect("the path of this test");
        let folder = test.parent().expect("a folder").to_path_buf();
        let candidates = |name: &str| {
            let mut found = files(&folder, "rlib");
            found.retain(|file| file_name(file).starts_with(&format!("lib{name}-")));
            found.sort_by_key(|file| std::cmp::Reverse(modified(file)));
            found
        };
        for parfuse in candidates("parfuse") {
            for ndarray in candidates("ndarray") {
                let libraries = Libraries { folder: folder.clone(), parfuse: parfuse.clone(), ndarray };
                if libraries.check(Path::new("examples/01_first_kernel.rs")).status.success() {
                    return libraries;
                }
            }
        }
        panic!("no libraries in {} that the first example compiles with", folder.display());
    }

    /// What rustc says about a program, without generating code.
    pub fn check(&self, program: &Path) -> Output {
        self.rustc(program, &Self::folder().join(format!("{}.rmeta", file_name(program))))
            .args(["--crate-type=bin", "--emit=metadata", "--verbose"])
            .output()
            .expect("rustc runs")
    }

    /// rustc on a source, with these libraries.
    pub fn rustc(&self, source: &Path, made: &Path) -> Command {
        let library = |name: &str, path: &Path| format!("{name}={}", path.display());
        let mut command = Command::new(option_env!("RUSTC").unwrap_or("rustc"));
        command
            .args(["--edition=2024", "--cap-lints=allow"])
            .arg(source)
            .arg("-o")
            .arg(made)
            .args(["-L", &library("dependency", &self.folder)])
            .args(["--extern", &library("parfuse", &self.parfuse)])
            .args(["--extern", &library("ndarray", &self.ndarray)])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        command
    }

    /// Where what rustc makes may lie.
    pub fn folder() -> &'static Path {
        Path::new(env!("CARGO_TARGET_TMPDIR"))
    }
}

/// The files of a folder with this extension.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    paths.filter(|path| path.extension() == Some(OsStr::new(extension))).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("a file").to_string_lossy().into_owned()
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}
