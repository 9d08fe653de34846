//! Which modules of Python's standard library are compiled in, beside those that the interpreter
//! has in itself (`math`, `itertools`, `_datetime`, ...).

/// Modules, and packages with all that is in them. What is missing needs files, processes, sockets
/// or a terminal, or is a tool for developers.
const MODULES: &str = "\
    __future__ _ast_unparse _collections_abc _colorize _compat_pickle _opcode_metadata _py_abc \
    _py_warnings _pydecimal _pylong _sitebuiltins _strptime _threading_local _weakrefset abc \
    annotationlib argparse ast base64 bisect calendar codecs codeop collections colorsys \
    configparser contextlib contextvars copy copyreg csv dataclasses datetime decimal difflib \
    dis encodings encodings.aliases encodings.ascii encodings.idna encodings.latin_1 \
    encodings.utf_8 encodings.utf_8_sig encodings.utf_16 encodings.utf_16_be encodings.utf_16_le \
    encodings.utf_32 encodings.utf_32_be encodings.utf_32_le encodings.cp1252 \
    encodings.hex_codec encodings.base64_codec encodings.rot_13 encodings.raw_unicode_escape \
    encodings.unicode_escape enum fnmatch fractions functools genericpath getopt gettext glob \
    graphlib hashlib heapq hmac html importlib inspect io ipaddress json keyword linecache \
    locale logging ntpath numbers opcode operator os pathlib pickle pickletools pkgutil platform \
    posixpath pprint queue random re reprlib runpy sched secrets selectors shlex shutil signal \
    site stat statistics string stringprep struct symtable tempfile textwrap this threading \
    timeit token tokenize tomllib traceback types typing unittest uuid warnings weakref \
    zipimport";

/// Packages of which only what [`modules`] names is compiled in.
const BARE: [&str; 2] = ["encodings", "logging"];

/// The names of the modules and packages.
pub(crate) fn modules() -> impl Iterator<Item = &'static str> {
    MODULES.split_whitespace()
}

/// Whether all that is in a package comes with it.
pub(crate) fn is_whole(package: &str) -> bool {
    !BARE.contains(&package)
}
