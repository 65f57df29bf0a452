//! Which part of a sweep to run: said as `I/N`, or read from the scheduler that started this process.
//!
//! A Slurm array tells each task its id, the least of all ids, their step and how many there are. A Kubernetes
//! indexed job tells a pod its index and not how many there are, so `auto/N` says it.

use std::fmt;
use std::str::FromStr;

use super::Wrong;

/// One of some equal parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    pub(crate) index: u64,
    pub(crate) count: u64,
}

/// The part that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShardAsked {
    /// `I/N`.
    This(Shard),
    /// `auto` and `auto/N`: the scheduler says which, of as many as it says or N.
    OfScheduler { count: Option<u64> },
}

const SLURM_INDEX: &str = "SLURM_ARRAY_TASK_ID";
const SLURM_FIRST: &str = "SLURM_ARRAY_TASK_MIN";
const SLURM_LAST: &str = "SLURM_ARRAY_TASK_MAX";
const SLURM_STEP: &str = "SLURM_ARRAY_TASK_STEP";
const SLURM_COUNT: &str = "SLURM_ARRAY_TASK_COUNT";
const KUBERNETES_INDEX: &str = "JOB_COMPLETION_INDEX";

impl ShardAsked {
    /// The part to run; `variable` looks one up in the environment.
    pub(crate) fn resolve(self, variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard, Wrong> {
        let count = match self {
            ShardAsked::This(shard) => return Ok(shard),
            ShardAsked::OfScheduler { count } => count,
        };
        let variables = Variables { asked: self, variable };
        match (variables.number(SLURM_INDEX)?, variables.number(KUBERNETES_INDEX)?) {
            (Some(slurm), Some(kubernetes)) => Err(Wrong(format!(
                "--shard {self}: both {SLURM_INDEX} is {slurm} and {KUBERNETES_INDEX} is {kubernetes}: unset the one that does not count, or say `--shard I/N`"
            ))),
            (Some(id), None) => variables.slurm(id, count),
            (None, Some(index)) => variables.kubernetes(index, count),
            (None, None) => Err(Wrong(format!(
                "--shard {self}: neither {SLURM_INDEX} nor {KUBERNETES_INDEX} is set: start it in a Slurm array or a Kubernetes indexed job, or say `--shard I/N`"
            ))),
        }
    }
}

/// What the environment says of this process's place.
struct Variables<'a> {
    asked: ShardAsked,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Variables<'_> {
    fn number(&self, name: &str) -> Result<Option<u64>, Wrong> {
        let Some(text) = (self.variable)(name) else { return Ok(None) };
        let refuse = |_| Wrong(format!("--shard {}: {name} is `{text}`: expected a number", self.asked));
        text.trim().parse().map(Some).map_err(refuse)
    }

    fn slurm(&self, id: u64, count: Option<u64>) -> Result<Shard, Wrong> {
        let asked = self.asked;
        let told = self.number(SLURM_COUNT)?;
        let count = match (count, told) {
            (Some(count), Some(told)) if count != told => {
                return Err(Wrong(format!(
                    "--shard {asked}, and {SLURM_COUNT} is {told}: the array must have as many tasks as there are shards; to run one shard alone, say `--shard I/{count}`"
                )));
            }
            (Some(count), _) | (None, Some(count)) => count,
            (None, None) => {
                return Err(Wrong(format!(
                    "--shard {asked}: {SLURM_COUNT} is not set: say how many there are, `--shard auto/N`"
                )));
            }
        };
        let first = self.number(SLURM_FIRST)?.unwrap_or(0);
        let step = self.number(SLURM_STEP)?.unwrap_or(1);
        let misfit = |what: String| {
            Wrong(format!(
                "--shard {asked}: {what}: the ids of the array must be evenly apart, such as `--array=0-{}`",
                count.saturating_sub(1)
            ))
        };
        if step == 0 {
            return Err(misfit(format!("{SLURM_STEP} is 0")));
        }
        // An array such as `1,3,7` has a least and a largest id, and no step that leads from one to the other.
        if let Some(last) = self.number(SLURM_LAST)? {
            let fits = last.checked_sub(first).map(|span| span / step + 1);
            if fits != Some(count) {
                return Err(misfit(format!(
                    "{SLURM_FIRST} is {first}, {SLURM_LAST} is {last} and {SLURM_STEP} is {step}, which is not {count} tasks"
                )));
            }
        }
        let index = id.checked_sub(first).filter(|over| over % step == 0).map(|over| over / step);
        match index.filter(|index| *index < count) {
            Some(index) => Ok(Shard { index, count }),
            None => Err(misfit(format!(
                "{SLURM_INDEX} is {id}, which is none of {count} from {SLURM_FIRST} {first} in steps of {SLURM_STEP} {step}"
            ))),
        }
    }

    fn kubernetes(&self, index: u64, count: Option<u64>) -> Result<Shard, Wrong> {
        let asked = self.asked;
        let Some(count) = count else {
            return Err(Wrong(format!(
                "--shard {asked}: {KUBERNETES_INDEX} is {index}, and Kubernetes does not say of how many: say `--shard auto/N`, N as the job's `completions`"
            )));
        };
        if index < count {
            return Ok(Shard { index, count });
        }
        Err(Wrong(format!(
            "--shard {asked}, and {KUBERNETES_INDEX} is {index}: expected an index from 0 to {}; N must be the job's `completions`",
            count.saturating_sub(1)
        )))
    }
}

impl FromStr for ShardAsked {
    type Err = String;

    fn from_str(text: &str) -> Result<ShardAsked, String> {
        let refuse = || {
            format!(
                "`{text}` is no shard: expected `I/N` with I from 0 to N-1, such as `0/4`, or `auto` or `auto/N` under a scheduler"
            )
        };
        if text == "auto" {
            return Ok(ShardAsked::OfScheduler { count: None });
        }
        let (index, count) = text.split_once('/').ok_or_else(refuse)?;
        let count: u64 = count.parse().ok().filter(|count| *count > 0).ok_or_else(refuse)?;
        if index == "auto" {
            return Ok(ShardAsked::OfScheduler { count: Some(count) });
        }
        let index: u64 = index.parse().map_err(|_| refuse())?;
        if index < count { Ok(ShardAsked::This(Shard { index, count })) } else { Err(refuse()) }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl fmt::Display for ShardAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShardAsked::This(shard) => write!(f, "{shard}"),
            ShardAsked::OfScheduler { count: None } => f.write_str("auto"),
            ShardAsked::OfScheduler { count: Some(count) } => write!(f, "auto/{count}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shard, or what is wrong, under these variables.
    fn under(asked: &str, variables: &[(&str, &str)]) -> String {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
        };
        let asked: ShardAsked = asked.parse().expect("it is a shard");
        asked.resolve(&variable).map_or_else(|wrong| wrong.0, |shard| shard.to_string())
    }

    fn slurm<'a>(
        id: &'a str,
        first: &'a str,
        last: &'a str,
        step: &'a str,
        count: &'a str,
    ) -> [(&'a str, &'a str); 5] {
        [
            (SLURM_INDEX, id),
            (SLURM_FIRST, first),
            (SLURM_LAST, last),
            (SLURM_STEP, step),
            (SLURM_COUNT, count),
        ]
    }

    #[test]
    fn a_slurm_array_counts_from_its_least_id_in_its_steps() {
        assert_eq!(under("auto", &slurm("3", "0", "7", "1", "8")), "3/8");
        assert_eq!(under("auto", &slurm("12", "10", "13", "1", "4")), "2/4");
        // `--array=0-15:4` is four tasks, whatever is told as the largest.
        assert_eq!(under("auto", &slurm("8", "0", "15", "4", "4")), "2/4");
        assert_eq!(under("auto", &slurm("8", "0", "12", "4", "4")), "2/4");
        assert_eq!(under("auto/8", &slurm("3", "0", "7", "1", "8")), "3/8");
        assert_eq!(under("auto/4", &[(SLURM_INDEX, "3")]), "3/4");
        // What is said wins over what a scheduler says.
        assert_eq!(under("5/6", &slurm("3", "0", "7", "1", "8")), "5/6");
    }

    #[test]
    fn a_kubernetes_job_says_the_index_and_the_flag_of_how_many() {
        assert_eq!(under("auto/64", &[(KUBERNETES_INDEX, "63")]), "63/64");
        let said = under("auto", &[(KUBERNETES_INDEX, "3")]);
        assert!(said.contains("JOB_COMPLETION_INDEX is 3") && said.contains("`--shard auto/N`"), "{said}");
        let said = under("auto/3", &[(KUBERNETES_INDEX, "3")]);
        assert!(
            said.contains("--shard auto/3, and JOB_COMPLETION_INDEX is 3: expected an index from 0 to 2"),
            "{said}"
        );
    }

    #[test]
    fn what_does_not_fit_is_named_with_what_it_does_not_fit() {
        let gaps = under("auto", &slurm("3", "1", "7", "1", "3"));
        assert!(gaps.contains("SLURM_ARRAY_TASK_MIN is 1, SLURM_ARRAY_TASK_MAX is 7"), "{gaps}");
        let between = under("auto", &slurm("3", "0", "12", "4", "4"));
        assert!(between.contains("SLURM_ARRAY_TASK_ID is 3, which is none of 4"), "{between}");
        let count = under("auto/8", &slurm("3", "3", "3", "1", "1"));
        assert!(count.contains("--shard auto/8, and SLURM_ARRAY_TASK_COUNT is 1"), "{count}");
        let both = under("auto/8", &[(KUBERNETES_INDEX, "1"), (SLURM_INDEX, "2")]);
        assert!(both.contains("SLURM_ARRAY_TASK_ID is 2 and JOB_COMPLETION_INDEX is 1"), "{both}");
        let none = under("auto", &[]);
        assert!(none.contains("neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set"), "{none}");
        assert!(
            under("auto", &[(SLURM_INDEX, "x")]).contains("SLURM_ARRAY_TASK_ID is `x`: expected a number")
        );
        assert!(under("auto", &[(SLURM_INDEX, "1")]).contains("SLURM_ARRAY_TASK_COUNT is not set"));
        assert!(under("auto", &slurm("1", "0", "3", "0", "4")).contains("SLURM_ARRAY_TASK_STEP is 0"));
        for text in ["", "4", "4/4", "0/0", "auto/0", "auto/", "auto/x", "-1/4", "x/4", "Auto"] {
            assert!(text.parse::<ShardAsked>().is_err(), "{text}");
        }
    }
}
