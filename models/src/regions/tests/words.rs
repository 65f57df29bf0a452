//! Words: names of profiles and classes, their tables, statuses, encodings.

use super::super::api::{
    CancelKind, Class, Error, Event, Handle, Kind, Name, Outcome, Profile, Status, Subject, WaitPolicy, What,
};

#[test]
fn a_profile_is_read_in_three_spellings() {
    for spelling in ["EmbeddedRouter", "embedded-router", "EMBEDDED_ROUTER"] {
        assert_eq!(spelling.parse(), Ok(Profile::EmbeddedRouter));
    }
    for profile in Profile::ALL {
        assert_eq!(profile.to_string().parse(), Ok(profile));
    }
    let error = "router".parse::<Profile>().expect_err("no such profile");
    assert_eq!(
        error.to_string(),
        "unknown profile `router`: expected one of Core, EmbeddedRouter, Hft, Automotive"
    );
}

#[test]
fn a_class_is_read_and_shown() {
    for class in Class::ALL {
        assert_eq!(class.to_string().to_lowercase().parse(), Ok(class));
    }
    assert!("R4".parse::<Class>().is_err());
}

#[test]
fn profiles_and_classes_are_those_of_the_table() {
    use Class::{R2, R3};
    use WaitPolicy::{BusySpin, SleepUntilTimer, Yield};
    let table = Profile::ALL.map(|profile| (profile.wait_policy(), profile.default_class()));
    assert_eq!(table, [(Yield, R3), (Yield, R2), (BusySpin, R3), (SleepUntilTimer, R2)]);
    let slots = Class::ALL.map(|class| Kind::ALL.map(|kind| class.capacity().of(kind)));
    assert_eq!(slots, [[8, 64, 64, 64], [32, 256, 256, 256], [128, 1024, 1024, 1024]]);
}

#[test]
fn outcomes_and_reasons_are_ordered_by_severity() {
    assert!(Outcome::Ok < Outcome::Err && Outcome::Err < Outcome::Cancelled);
    assert!(Outcome::Cancelled < Outcome::Panicked);
    assert_eq!(Outcome::Err.join(Outcome::Ok), Outcome::Err);
    assert!(CancelKind::ALL.is_sorted());
}

#[test]
fn an_error_says_its_word_and_names_its_handle() {
    let handle = Handle { kind: Kind::Task, slot: 3, generation: 7 };
    let error = Error::StaleHandle(handle);
    assert_eq!((error.status(), error.handle()), (Status::StaleHandle, handle));
    assert_eq!(error.to_string(), "StaleHandle: task 3.7 is gone");
    assert_eq!(Status::PollBudgetExhausted.to_string(), "PollBudgetExhausted");
}

/// What a semantic event means holds neither time nor handle; its full encoding holds both.
#[test]
fn meaning_is_by_name() {
    let subject = Subject { region: Some(Name(5)), task: Some(Name(6)) };
    let object = Handle { kind: Kind::Obligation, slot: 1, generation: 2 };
    let elsewhere = Handle { kind: Kind::Obligation, slot: 9, generation: 0 };
    let event = Event { subject, object, what: What::Committed { name: Name(8) } };
    let moved = Event { object: elsewhere, ..event };
    assert_eq!(event.meaning(), Some([33, 8, 0]));
    assert_eq!(event.meaning(), moved.meaning());
    assert_ne!(event.encode(), moved.encode());
    assert_eq!(Event { what: What::Polled, ..event }.meaning(), None);
    assert_ne!(subject.encode(), Subject { task: None, ..subject }.encode());
    assert_ne!(Name::of("pump"), Name::of("valve"));
}
