//! Python values as JSON.

use redrive_guest::{MAX_VALUE_BYTES, MAX_VALUE_DEPTH};
use rustpython_vm::builtins::{PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyStr, PyTuple};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, VirtualMachine};

/// No integer with more bits than this fits into a value: ten digits have about 33 bits.
const MAX_INTEGER_BITS: u64 = 4 * 64 * 1024;

/// Why a value has no form in JSON.
#[derive(Debug)]
pub(crate) enum Unconvertible {
    /// NaN or an infinity.
    NotFinite,
    /// A thing of this class.
    Class(String),
    /// A dict with a key of this class.
    Key(String),
}

enum Stop {
    Unconvertible(Unconvertible),
    /// The text is too long or too deep already; what is left need not be written.
    Enough,
}

/// Lists, tuples and sets become arrays, dicts become objects. Sets are sorted where their elements
/// can be compared. Keys are written as `json.dumps` does. A text over the limits of a value is not
/// complete, only over the limits.
pub(crate) fn to_json(vm: &VirtualMachine, value: &PyObject) -> Result<String, Unconvertible> {
    let mut writer = Writer {
        vm,
        json: String::new(),
        depth: 0,
    };
    match writer.value(value) {
        Ok(()) | Err(Stop::Enough) => Ok(writer.json),
        Err(Stop::Unconvertible(why)) => Err(why),
    }
}

struct Writer<'a> {
    vm: &'a VirtualMachine,
    json: String,
    depth: usize,
}

impl Writer<'_> {
    fn value(&mut self, value: &PyObject) -> Result<(), Stop> {
        if self.json.len() > MAX_VALUE_BYTES {
            return Err(Stop::Enough);
        }
        if let Some(list) = value.downcast_ref::<PyList>() {
            let elements = list.borrow_vec().to_vec();
            return self.array(&elements);
        }
        if let Some(tuple) = value.downcast_ref::<PyTuple>() {
            return self.array(tuple.as_slice());
        }
        if let Some(set) = value.downcast_ref::<PySet>() {
            return self.set(set.elements());
        }
        if let Some(set) = value.downcast_ref::<PyFrozenSet>() {
            return self.set(set.elements());
        }
        if let Some(dict) = value.downcast_ref::<PyDict>() {
            return self.object(&dict.items_vec());
        }
        if let Some(text) = value.downcast_ref::<PyStr>() {
            self.text(&text.to_string_lossy());
            return Ok(());
        }
        let scalar = self.scalar(value)?.ok_or_else(|| {
            Stop::Unconvertible(Unconvertible::Class(value.class().name().to_string()))
        })?;
        self.json.push_str(&scalar);
        Ok(())
    }

    fn array(&mut self, elements: &[PyObjectRef]) -> Result<(), Stop> {
        self.open('[')?;
        for (index, element) in elements.iter().enumerate() {
            self.separate(index);
            self.value(element)?;
        }
        self.close(']');
        Ok(())
    }

    fn set(&mut self, elements: Vec<PyObjectRef>) -> Result<(), Stop> {
        let list = self.vm.ctx.new_list(elements.clone());
        // Elements without an order stay as they came.
        let sorted = self.vm.call_method(list.as_object(), "sort", ()).is_ok();
        let elements = if sorted {
            list.borrow_vec().to_vec()
        } else {
            elements
        };
        self.array(&elements)
    }

    fn object(&mut self, items: &[(PyObjectRef, PyObjectRef)]) -> Result<(), Stop> {
        self.open('{')?;
        for (index, (key, value)) in items.iter().enumerate() {
            self.separate(index);
            if let Some(key) = key.downcast_ref::<PyStr>() {
                self.text(&key.to_string_lossy());
            } else {
                let key = self.scalar(key)?.ok_or_else(|| {
                    Stop::Unconvertible(Unconvertible::Key(key.class().name().to_string()))
                })?;
                self.text(&key);
            }
            self.json.push(':');
            self.value(value)?;
        }
        self.close('}');
        Ok(())
    }

    /// `None` for what is no scalar.
    fn scalar(&self, value: &PyObject) -> Result<Option<String>, Stop> {
        if self.vm.is_none(value) {
            return Ok(Some("null".to_owned()));
        }
        if let Some(integer) = value.downcast_ref::<PyInt>() {
            let integer = integer.as_bigint();
            if value.class().is(self.vm.ctx.types.bool_type) {
                return Ok(Some((integer.bits() > 0).to_string()));
            }
            if integer.bits() > MAX_INTEGER_BITS {
                // Its digits alone would take long; any text that is too long does as well.
                return Ok(Some("0".repeat(MAX_VALUE_BYTES.saturating_add(1))));
            }
            return Ok(Some(integer.to_string()));
        }
        let Some(float) = value.downcast_ref::<PyFloat>() else {
            return Ok(None);
        };
        let float = float.to_f64();
        if !float.is_finite() {
            return Err(Stop::Unconvertible(Unconvertible::NotFinite));
        }
        Ok(serde_json::to_string(&float).ok())
    }

    fn text(&mut self, text: &str) {
        if text.len() > MAX_VALUE_BYTES {
            // Long enough to be left out.
            self.json.push_str(text);
        } else if let Ok(json) = serde_json::to_string(text) {
            self.json.push_str(&json);
        }
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.json.push(',');
        }
    }

    fn open(&mut self, bracket: char) -> Result<(), Stop> {
        self.json.push(bracket);
        self.depth = self.depth.saturating_add(1);
        if self.depth > MAX_VALUE_DEPTH {
            return Err(Stop::Enough);
        }
        Ok(())
    }

    fn close(&mut self, bracket: char) {
        self.depth = self.depth.saturating_sub(1);
        self.json.push(bracket);
    }
}
