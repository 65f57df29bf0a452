//! Plans of the swarm: they repeat, keep their budget, end in calm, and differ as they should.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::budget::Allowance;
use crate::plan::{
    ArgumentKind, Call, Candidate, Family, Group, Host, KINDS, Knob, Point, Processes, Selector,
};

fn catalogue(members: u32) -> Catalogue {
    let core = |index: u32| {
        let zone = ["a", "b", "c"][index as usize % 3];
        Host::new(format!("core-{index}")).zone(zone).role("leader").process("server")
    };
    let mut hosts: Vec<Host> = (0..members).map(core).collect();
    hosts.extend([Host::new("client-0"), Host::new("client-1"), Host::new("lease")]);
    Catalogue {
        hosts,
        points: vec![Point::new("core.synced").hit_on(group("core-*")), Point::new("any.where")],
        knobs: vec![Knob { name: "batch_max".to_string(), least: 1, most: 64 }],
        calls: vec![
            Call::new("burst").with("count", ArgumentKind::Whole { least: 1, most: 5000 }),
            Call::new("slow_reader")
                .with("who", ArgumentKind::Machine)
                .with_optional("lasts", ArgumentKind::Duration),
        ],
    }
}

fn group(text: &str) -> Group {
    Group::new(vec![Selector::parse(text).expect(text)]).expect("one")
}

fn budget(members: u32) -> Budget {
    let cores = Allowance::minority(group("core-*"), members)
        .disks_damaged_max(1)
        .skew_max(Duration::from_secs(2))
        .scarcity(true)
        .corruption(true)
        .readdressing(true)
        .versions([1, 2]);
    Budget::new(Duration::from_secs(20))
        .allow(cores)
        .allow(Allowance::new(group("client-*")))
        .call("burst")
        .call("slow_reader")
}

fn default() -> Profile {
    Profile::named("default").expect("it is the house's")
}

#[test]
fn a_plan_is_a_function_of_its_seed() {
    let plan = |seed| draw(seed, &default(), &budget(5), &catalogue(5));
    for seed in 0..50 {
        assert_eq!(plan(seed), plan(seed));
    }
    let distinct: BTreeSet<u64> = (0..500).map(|seed| plan(seed).hash().0).collect();
    assert!(distinct.len() > 490, "{} distinct plans of 500", distinct.len());
}

#[test]
fn a_profile_keeps_to_its_features() {
    for (name, _) in PROFILES {
        let profile = Profile::named(name).expect(name);
        let mut kinds = BTreeSet::new();
        for seed in 0..300 {
            let plan = draw(seed, &profile, &budget(5), &catalogue(5));
            kinds.extend(plan.faults.iter().map(|line| line.trouble.name()));
        }
        let families: BTreeSet<Family> = KINDS
            .iter()
            .filter(|kind| kinds.contains(kind.name) && kind.family != Family::Calm)
            .map(|kind| kind.family)
            .collect();
        let expected: &[Family] = match *name {
            "none" => &[],
            "network" => &[Family::Network],
            "clock" => &[Family::Clock],
            "crash" => &[Family::Process],
            "resource" => &[Family::Resource],
            "disk" => &[Family::Process, Family::Disk],
            "default" => &[Family::Network, Family::Process, Family::Disk, Family::Clock, Family::Resource],
            other => panic!("a profile without a test: {other}"),
        };
        assert_eq!(families, expected.iter().copied().collect(), "{name}");
    }
}

#[test]
fn nearly_every_kind_comes_up() {
    let generous = |members| {
        let mut budget = budget(members);
        budget.allowances[0] = budget.allowances[0].clone().down_max(2).disks_damaged_max(2).monotonic(true);
        budget
    };
    let mut missing: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let mut on_point = 0;
    for seed in 0..3_000 {
        let plan = draw(seed, &default(), &generous(5), &catalogue(5));
        for line in &plan.faults {
            missing.remove(line.trouble.name());
            on_point += u32::from(matches!(line.trigger, Trigger::On { .. }));
        }
    }
    assert!(on_point > 100, "{on_point} lines wait for a point");
    // How often a clock is read is not known, so that no budget holds a creeping one.
    assert_eq!(missing, BTreeSet::from(["clock.creep"]));
}

#[test]
fn features_are_off_in_half_of_the_seeds() {
    let features = default().features().len() as u64;
    let on: u64 = (0..1_000).map(|seed| switch_on(seed, &default()).len() as u64).sum();
    let share = on * 100 / (1_000 * features);
    assert!((48..=54).contains(&share), "{share} % are on");
    assert!((0..1_000).all(|seed| !switch_on(seed, &Profile::of("p", &["kill"]).unwrap()).is_empty()));
}

#[test]
fn another_feature_moves_no_other() {
    // The lines that one feature proposes depend on its own stream and the bursts alone.
    let lines = |profile: &[&str]| {
        let profile = Profile::of("p", profile).expect("features of the house");
        let plan = draw(1, &profile, &budget(5).lines_max(1_000), &catalogue(5));
        plan.faults.into_iter().filter(|line| line.trouble.name() == "loss").collect::<Vec<_>>()
    };
    let alone = lines(&["loss"]);
    assert!(!alone.is_empty());
    let both = lines(&["loss", "delay"]);
    assert!(both == alone || both.is_empty(), "{both:?}");
}

#[test]
fn trouble_comes_in_bursts() {
    // The share of pairs of lines that begin within a hundredth of the time: 2 % if they were
    // independent and even.
    let (mut near, mut pairs) = (0u64, 0u64);
    for seed in 0..500 {
        let plan = draw(seed, &default(), &budget(5), &catalogue(5));
        let at = |line: &Line| match line.trigger {
            Trigger::At(at) if line.trouble != (Trouble::Calm {}) => Some(at),
            _ => None,
        };
        let times: Vec<Duration> = plan.faults.iter().filter_map(at).collect();
        for (index, one) in times.iter().enumerate() {
            for other in &times[index + 1..] {
                pairs += 1;
                near += u64::from(one.abs_diff(*other) < Duration::from_millis(150));
            }
        }
    }
    assert!(near * 100 > pairs * 8, "{near} of {pairs}");
}

#[test]
fn a_profile_of_ones_own_names_features() {
    let names = |profile: &Profile| profile.features().iter().map(|feature| feature.name).collect::<Vec<_>>();
    let own = Profile::of("own", &["kill.site", "dns"]).expect("features of the house");
    assert_eq!(names(&own), ["dns.late", "dns.fail", "kill.site"]);
    let less = own.without(&["dns.fail"]).expect("features of the house");
    assert_eq!(names(&less), ["dns.late", "kill.site"]);
    let error = Profile::of("own", &["los"]).expect_err("there is no los").to_string();
    assert_eq!(error, "unknown feature `los`, did you mean `loss`?");
    let error = Profile::named("netwrk").expect_err("a slip").to_string();
    assert_eq!(error, "unknown profile `netwrk`, did you mean `network`?");
}

/// A small world in which a plan is carried out as the injector does: who is down, and until when.
struct Scene<'a> {
    catalogue: &'a Catalogue,
    down: BTreeMap<String, Vec<Duration>>,
    calm_at: Duration,
}

impl Scene<'_> {
    fn selected(&self, group: &Group, itself: &str) -> Vec<String> {
        let selects = |host: &&Host| {
            group.selects(Candidate {
                name: &host.name,
                zone: host.zone.as_deref(),
                roles: &host.roles,
                itself: host.name == itself,
            })
        };
        self.catalogue.hosts.iter().filter(selects).map(|host| host.name.clone()).collect()
    }

    fn is_down(&self, name: &str, now: Duration) -> bool {
        self.down.get(name).is_some_and(|until| until.iter().any(|until| *until > now))
    }

    fn strike(&mut self, line: &Line, now: Duration, itself: &str) {
        if matches!(line.trouble, Trouble::Heal {} | Trouble::Calm {}) {
            self.down.clear();
            return;
        }
        let forever = self.calm_at;
        let restart = |after: &Option<Duration>| after.map_or(forever, |after| now + after);
        let (group, until, guard) = match &line.trouble {
            Trouble::Kill { processes, restart_after, down_max } => {
                (processes.machines(), restart(restart_after), *down_max)
            }
            Trouble::Stop { processes, grace, restart_after, down_max } => {
                (processes.machines(), restart(restart_after) + *grace, *down_max)
            }
            Trouble::CrashLoop { processes, every, times, down_max } => {
                (processes.machines(), now + *every * times.get(), *down_max)
            }
            Trouble::Pause { processes, down_max } => (processes.machines(), restart(&line.lasts), *down_max),
            Trouble::Power { machines, restart_after, down_max, .. } => {
                (machines.clone(), restart(restart_after), *down_max)
            }
            Trouble::Swap { machines, restart_after } => {
                let pair = vec![machines.0.clone(), machines.1.clone()];
                (Group::new(pair).expect("two"), restart(restart_after), None)
            }
            Trouble::Upgrade { processes, grace, .. } => (processes.machines(), now + *grace, None),
            _ => return,
        };
        let struck = self.selected(&group, itself);
        let down = self
            .catalogue
            .hosts
            .iter()
            .filter(|host| self.is_down(&host.name, now) || struck.contains(&host.name));
        if guard.is_some_and(|guard| down.count() > guard as usize) {
            return;
        }
        for name in struck {
            self.down.entry(name).or_default().push(until);
        }
    }
}

/// The steps of a roll over the cores, up to what heals.
fn steps(
    plan: &Plan,
    catalogue: &Catalogue,
    from: Duration,
    every: Duration,
    grace: Duration,
) -> Vec<(Duration, String, Line)> {
    let healing = |line: &&Line| matches!(line.trouble, Trouble::Heal {} | Trouble::Calm {});
    let time = |line: &Line| match line.trigger {
        Trigger::At(at) if at > from => Some(at),
        _ => None,
    };
    let healed = plan.faults.iter().filter(healing).filter_map(time).min().expect("a plan ends in calm");
    let cores = catalogue.hosts.iter().filter(|host| host.name.starts_with("core"));
    let step = |(step, host): (usize, &Host)| {
        let processes = Processes::of(Group::machine(&host.name));
        let kill = Trouble::Kill { processes, restart_after: Some(grace), down_max: None };
        let at = from + every * step as u32;
        (at, String::new(), Line::at(at, kill))
    };
    cores.enumerate().map(step).filter(|(at, ..)| *at < healed).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_of_the_swarm_keeps_its_budget(seed: u64, members in 1u32..8, profile in 0..PROFILES.len()) {
        let (catalogue, budget) = (catalogue(members), budget(members));
        let profile = Profile::named(PROFILES[profile].0).unwrap();
        let plan = draw(seed, &profile, &budget, &catalogue);
        prop_assert_eq!(plan.check(&catalogue), Ok(()));
        prop_assert_eq!(budget.check(&plan, &catalogue), Ok(()));
        prop_assert_eq!(plan.calm_at(), Some(budget.calm_at));
        prop_assert_eq!(plan.faults.last(), Some(&Line::at(budget.calm_at, Trouble::Calm {})));
        prop_assert!(plan.faults.len() <= budget.lines_max);
        prop_assert_eq!(plan.to_string().parse::<Plan>(), Ok(plan));
    }

    /// Carried out, whenever the points are hit and by whomever, a plan never brings more than a
    /// minority down.
    #[test]
    fn a_quorum_is_always_up(seed: u64, members in 1u32..8, hits: [u16; 8], who: [u8; 8]) {
        let (catalogue, budget) = (catalogue(members), budget(members));
        let plan = draw(seed, &Profile::named("crash").unwrap(), &budget, &catalogue);
        let mut strikes = Vec::new();
        for (index, line) in plan.faults.iter().enumerate() {
            let itself = format!("core-{}", u32::from(who[index % 8]) % members);
            let at = match &line.trigger {
                Trigger::At(at) => *at,
                Trigger::On { .. } => Duration::from_millis(u64::from(hits[index % 8]) % 20_000),
            };
            match &line.trouble {
                Trouble::Roll { processes, every, grace, .. } => {
                    prop_assert_eq!(processes.selectors().len(), members as usize);
                    strikes.extend(steps(&plan, &catalogue, at, *every, *grace));
                }
                _ => strikes.push((at, itself, line.clone())),
            }
        }
        strikes.sort_by_key(|(at, ..)| *at);
        let mut scene = Scene { catalogue: &catalogue, down: BTreeMap::new(), calm_at: budget.calm_at };
        for (at, itself, line) in &strikes {
            scene.strike(line, *at, itself);
            let down = |host: &&Host| scene.is_down(&host.name, *at);
            let cores = catalogue.hosts.iter().filter(down).filter(|host| host.name.starts_with("core"));
            let count = cores.count() as u32;
            prop_assert!(count <= (members - 1) / 2, "{} of {} down at {:?} in\n{}", count, members, at, plan);
            let others = catalogue.hosts.iter().filter(down).filter(|host| !host.name.starts_with("core"));
            prop_assert_eq!(others.count(), 0);
        }
    }
}
