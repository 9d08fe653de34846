//! Small modules, rewritten and run.

use wasmi::{
    Caller, Engine, Error, Extern, Global, Instance, Linker, Memory, MemoryType, Store, Val,
};

use super::instrument;

/// What a module starts with: the import, a memory and a global.
const HEAD: &str = r#"(import "redrive" "tick" (func $tick)) (memory (export "memory") 1)
    (global $own (export "own") (mut i32) (i32.const 7))"#;

/// How much fuel the host gives at a time, and how often.
struct Host {
    share: i32,
    shares: u32,
}

struct Guest {
    store: Store<Host>,
    instance: Instance,
    /// Another instance with the same memory.
    next: Instance,
}

fn fuel_of(caller: &Caller<Host>) -> Global {
    caller
        .get_export("fuel")
        .and_then(Extern::into_global)
        .unwrap()
}

impl Guest {
    fn start(body: &str, share: i32, shares: u32) -> Self {
        let wasm = wat::parse_str(format!("(module {HEAD} {body})")).unwrap();
        let rewritten = instrument(&wasm, 3).unwrap();
        let engine = Engine::default();
        let mut store = Store::new(&engine, Host { share, shares });
        let mut linker = Linker::new(&engine);
        let tick = |mut caller: Caller<Host>| {
            let Some(left) = caller.data().shares.checked_sub(1) else {
                return Err(Error::new("out of fuel"));
            };
            caller.data_mut().shares = left;
            let share = caller.data().share;
            let fuel = fuel_of(&caller);
            let had = fuel.get(&caller).i32().unwrap();
            fuel.set(&mut caller, Val::I32(had + share)).unwrap();
            Ok(())
        };
        linker.func_wrap("redrive", "tick", tick).unwrap();
        let memory = Memory::new(&mut store, MemoryType::new(1, Some(3))).unwrap();
        linker.define("redrive", "memory", memory).unwrap();
        let module = wasmi::Module::new(&engine, &rewritten).unwrap();
        let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
        let next = linker.instantiate_and_start(&mut store, &module).unwrap();
        Self {
            store,
            instance,
            next,
        }
    }

    fn call(&mut self, argument: i32) -> Result<i32, Error> {
        let run = self.instance.get_typed_func::<i32, i32>(&self.store, "run");
        run.unwrap().call(&mut self.store, argument)
    }

    /// What has been used, given that nothing was asked for beyond `given`.
    fn used(&self, given: i32) -> i32 {
        let fuel = self.instance.get_global(&self.store, "fuel").unwrap();
        given - fuel.get(&self.store).i32().unwrap()
    }
}

const ENDLESS: &str = r#"(func (export "run") (param i32) (result i32) (loop (br 0)) unreachable)"#;

const COUNT: &str = r#"(func (export "run") (param i32) (result i32) (local i32)
    (loop
        (local.set 1 (i32.add (local.get 1) (i32.const 3)))
        (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))"#;

#[test]
fn endless_loop_ends() {
    let error = Guest::start(ENDLESS, 1_000, 5).call(0).unwrap_err();
    assert!(error.to_string().contains("out of fuel"), "{error}");
}

#[test]
fn recursion_without_a_loop_ends() {
    let body = r#"(func $run (export "run") (param i32) (result i32)
        (return_call $run (local.get 0)))"#;
    let error = Guest::start(body, 1_000, 5).call(0).unwrap_err();
    assert!(error.to_string().contains("out of fuel"), "{error}");
}

#[test]
fn results_are_what_they_were_and_every_turn_costs() {
    let mut guest = Guest::start(COUNT, 1_000, 1);
    assert_eq!(guest.call(100).unwrap(), 300);
    // The function itself, and a hundred short turns.
    assert_eq!(guest.used(1_000), 4 + 100);
}

#[test]
fn turn_that_does_more_costs_more() {
    let long = "(local.set 1 (i32.add (local.get 1) (i32.const 1)))".repeat(6);
    let divides = "(local.set 1 (i32.div_u (local.get 0) (i32.const 3)))";
    let has_a_loop = "(loop)";
    let calls = "(drop (call $nothing (i32.const 0)))";
    for (inside, of_a_turn) in [
        (&*long, 4),
        (divides, 4),
        (has_a_loop, 4 + 1),
        (calls, 4 + 4),
    ] {
        let body = format!(
            r#"(func $nothing (param i32) (result i32) (local.get 0))
            (func (export "run") (param i32) (result i32) (local i32)
                (loop
                    (block {inside})
                    (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
                (loop (local.set 1 (i32.const 5)))
                (local.get 1))"#
        );
        let mut guest = Guest::start(&body, 1_000, 1);
        assert_eq!(guest.call(10).unwrap(), 5);
        assert_eq!(guest.used(1_000), 4 + 10 * of_a_turn + 1, "{inside}");
    }
}

#[test]
fn fuel_is_asked_for_as_often_as_it_is_used_up() {
    let mut guest = Guest::start(COUNT, 10, 1_000);
    assert_eq!(guest.call(1_000).unwrap(), 3_000);
    let asked = 1_000 - i32::try_from(guest.store.data().shares).unwrap();
    assert_eq!(guest.used(asked * 10), 1_004);
}

#[test]
fn copying_and_filling_cost_by_the_length() {
    let body = r#"(func (export "run") (param i32) (result i32)
        (memory.fill (i32.const 0) (i32.const 255) (i32.const 2560))
        (memory.copy (i32.const 4000) (i32.const 0) (local.get 0))
        (i32.load8_u (i32.const 6559)))"#;
    let mut guest = Guest::start(body, 1_000, 1);
    assert_eq!(guest.call(2560).unwrap(), 255);
    assert_eq!(guest.used(1_000), 4 + 2 * (2560 >> 6));
}

#[test]
fn memory_stops_growing_at_the_maximum() {
    let body = r#"(func (export "run") (param i32) (result i32) (memory.grow (local.get 0)))"#;
    let mut guest = Guest::start(body, 1_000, 1);
    assert_eq!(guest.call(2).unwrap(), 1);
    assert_eq!(guest.call(1).unwrap(), -1);
    assert_eq!(guest.call(-1).unwrap(), -1);
    assert_eq!(guest.call(0).unwrap(), 3);
}

#[test]
fn memory_that_has_grown_begins_anew_with_the_next_instance() {
    let body = r#"(func (export "run") (param i32) (result i32)
        (i32.add
            (i32.mul (memory.grow (local.get 0)) (i32.const 10))
            (memory.size)))"#;
    let mut guest = Guest::start(body, 1_000, 2);
    assert_eq!(guest.call(1).unwrap(), 12);
    assert_eq!(guest.call(1).unwrap(), 23);
    guest.instance = guest.next;
    assert_eq!(guest.call(2).unwrap(), 13);
    assert_eq!(guest.call(1).unwrap(), -10 + 3);
}

#[test]
fn globals_of_the_module_stay_where_they_were() {
    let body = r#"(func (export "run") (param i32) (result i32) (global.get $own))"#;
    assert_eq!(Guest::start(body, 1_000, 1).call(0).unwrap(), 7);
}

#[test]
fn module_that_cannot_be_bounded_is_refused() {
    let tick = r#"(import "redrive" "tick" (func))"#;
    for (module, missing) in [
        ("(memory 1) (global i32 (i32.const 0))", "redrive.tick"),
        (&format!("{tick} (global i32 (i32.const 0))"), "memory"),
        (&format!("{tick} (memory 1)"), "globals"),
    ] {
        let wasm = wat::parse_str(format!("(module {module})")).unwrap();
        let error = instrument(&wasm, 3).unwrap_err().to_string();
        assert!(error.contains(missing), "{error}");
    }
}
