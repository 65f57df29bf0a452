//! The kinds of trouble: one table, from which the type, the parser, the printer and the list of kinds
//! for the documents are made.
//!
//! A kind is named by the key that holds whom it strikes, such as `kill`; kinds that share that key are
//! told apart by a second one, such as `clock` with `reverse`. What each does is the injector's business.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use sim::Ratio;
use sim::disk::Unsynced;

use super::decode::Bits;
use super::error::Problem;
use super::read::Fields;
use super::select::{Group, Groups, Processes, Scope, Selector};
use super::value::{
    Arguments, CallName, DiskWork, Flag, KnobName, Pair, PointName, Shift, Spread, Text, Value,
};

/// What kind of thing it troubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Links between machines.
    Network,
    /// Processes and whole machines.
    Process,
    /// Disks.
    Disk,
    /// Clocks and timers.
    Clock,
    /// Entropy, memory, knobs, and what models bring.
    Resource,
    /// The end of trouble.
    Calm,
}

/// Whether a line of this kind may say for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// It lasts: for the time given by `for`, or until everything heals.
    Lasting,
    /// It happens; what follows from it is said by its own parameters.
    Sudden,
}

/// One kind of trouble.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name: `kill`, `clock.reverse`.
    pub name: &'static str,
    /// What it troubles.
    pub family: Family,
    /// Whether it may have `for`.
    pub lasting: Lasting,
    /// What it does.
    pub about: &'static str,
    /// What it takes; the first is whom it strikes.
    pub parameters: &'static [Parameter],
}

/// One parameter of a kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its key.
    pub key: &'static str,
    /// What its value looks like.
    pub expected: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Whether it may be left out.
    pub optional: bool,
}

impl Kind {
    /// The key that every line of this kind has.
    pub fn head(&self) -> &'static str {
        self.name.split('.').next().expect("a name has a first word")
    }

    /// The key that tells it from other kinds of the same head.
    pub fn verb(&self) -> Option<&'static str> {
        self.name.split_once('.').map(|(_, verb)| verb)
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.name == name)
    }
}

macro_rules! troubles {
    ($(
        $(#[doc = $about:literal])+
        $variant:ident $family:ident $lasting:ident $name:literal {
            $( $(#[doc = $field_about:literal])+ $field:ident: $type:ty = $key:literal, )*
        }
    )+) => {
        /// One trouble, with its parameters.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Trouble {$(
            $(#[doc = $about])+
            $variant { $( $(#[doc = $field_about])+ $field: $type, )* },
        )+}

        /// Every kind, in the order of the documents.
        pub static KINDS: &[Kind] = &[$( Kind {
            name: $name,
            family: Family::$family,
            lasting: Lasting::$lasting,
            about: concat!($($about),+),
            parameters: &[$( Parameter {
                key: $key,
                expected: <$type as Value>::EXPECTED,
                about: concat!($($field_about),+),
                optional: <$type as Value>::OPTIONAL,
            }, )*],
        }, )+];

        impl Trouble {
            /// The name of its kind.
            pub fn name(&self) -> &'static str {
                match self { $( Trouble::$variant { .. } => $name, )+ }
            }

            /// Reads the parameters of a kind.
            #[allow(unused_variables)]
            pub(super) fn read(kind: &Kind, fields: &mut Fields<'_, '_>) -> Option<Trouble> {
                Some(match kind.name {
                    $( $name => Trouble::$variant { $( $field: fields.take::<$type>($key)?, )* }, )+
                    _ => unreachable!("kinds and troubles come from one table"),
                })
            }

            /// Hands each parameter that is given to `print`, in order.
            pub(super) fn print(&self, mut print: impl FnMut(&'static str, String)) {
                match self { $( Trouble::$variant { $($field,)* } => {
                    $( if let Some(value) = $field.print() { print($key, value) } )*
                } )+ }
                let _ = &mut print;
            }

            #[allow(unused_variables)]
            pub(super) fn decode(kind: &Kind, bits: &mut Bits<'_>) -> Trouble {
                match kind.name {
                    $( $name => Trouble::$variant { $( $field: <$type>::decode(bits), )* }, )+
                    _ => unreachable!("kinds and troubles come from one table"),
                }
            }

            /// Whether all that it names is known.
            pub(super) fn check_names(&self, scope: &Scope<'_>) -> Result<(), Problem> {
                match self { $( Trouble::$variant { $($field,)* } => { $( $field.check(scope)?; )* } )+ }
                Ok(())
            }
        }
    };
}

troubles! {
    /// Everything heals and stays so: what is down starts, no later trouble strikes.
    Calm Calm Sudden "calm" {}
    /// Everything heals: what is down starts. With `for`, no trouble strikes for so long.
    Heal Calm Lasting "heal" {}

    /// The machines of each group do not hear those of the others; what is sent is lost. Machines in no
    /// group hear everybody, so two halves and one machine in neither make a bridge.
    Partition Network Lasting "partition" {
        /// The groups; one alone is cut from everybody else.
        groups: Groups = "partition",
        /// Only what earlier groups send to later ones is lost.
        one_way: bool = "one_way",
    }
    /// Each machine hears a majority, and no two hear the same one.
    Ring Network Lasting "ring" {
        /// The machines, in the ring's order.
        machines: Group = "ring",
    }
    /// What is sent is held, and arrives when it ends.
    Clog Network Lasting "clog" {
        /// Between whom.
        between: Groups = "clog",
        /// Only what earlier groups send to later ones.
        one_way: bool = "one_way",
    }
    /// Machines are clogged one after another, and released in another order.
    Swizzle Network Lasting "swizzle" {
        /// The machines, in the order in which they are clogged.
        machines: Group = "swizzle",
        /// The time from one to the next, both ways.
        stagger: Duration = "stagger",
        /// The order in which they are released; the reverse when absent.
        release: Option<Group> = "release",
    }
    /// Packets are lost; a stream sends again, which shows as delay, then as a reset.
    Loss Network Lasting "loss" {
        /// Between whom.
        between: Groups = "loss",
        /// The chance of each packet.
        chance: Ratio = "chance",
        /// The chance that a packet has the fate of the one before it, so that as many are lost in bursts.
        correlation: Option<Ratio> = "correlation",
        /// Only what earlier groups send to later ones.
        one_way: bool = "one_way",
    }
    /// Datagrams arrive twice.
    Duplicate Network Lasting "duplicate" {
        /// Between whom.
        between: Groups = "duplicate",
        /// The chance of each datagram.
        chance: Ratio = "chance",
        /// Only what earlier groups send to later ones.
        one_way: bool = "one_way",
    }
    /// Datagrams overtake each other.
    Reorder Network Lasting "reorder" {
        /// Between whom.
        between: Groups = "reorder",
        /// The chance of each datagram.
        chance: Ratio = "chance",
        /// By how much it is held back.
        by: Duration = "by",
        /// Only what earlier groups send to later ones.
        one_way: bool = "one_way",
    }
    /// Bytes change on the way.
    Corrupt Network Lasting "corrupt" {
        /// Between whom.
        between: Groups = "corrupt",
        /// The chance of each packet.
        chance: Ratio = "chance",
        /// Only what earlier groups send to later ones.
        one_way: bool = "one_way",
    }
    /// Packets take longer. Without `for`, the pair stays slow.
    Delay Network Lasting "delay" {
        /// Between whom.
        between: Groups = "delay",
        /// By how much.
        by: Spread = "by",
        /// With a mean, few take much longer than most: exponential above the least, cut at the greatest.
        mean: Option<Duration> = "mean",
        /// Only what earlier groups send to later ones.
        one_way: bool = "one_way",
    }
    /// The path carries so much, and what overflows its queue is lost.
    Bandwidth Network Lasting "bandwidth" {
        /// Between whom.
        between: Groups = "bandwidth",
        /// What the path carries in a second.
        bytes_per_second: NonZeroU32 = "bytes_per_second",
        /// What waits at most.
        queue_bytes: u32 = "queue_bytes",
        /// Only what earlier groups send to later ones.
        one_way: bool = "one_way",
    }
    /// Connections are reset when they are written to.
    Reset Network Lasting "reset" {
        /// Between whom.
        between: Groups = "reset",
        /// The chance of each write.
        chance: Ratio = "chance",
    }
    /// Connections are half closed when they are written to: the writer can write no more, its peer reads the
    /// end, and the other way goes on.
    HalfClose Network Lasting "half_close" {
        /// Between whom.
        between: Groups = "half_close",
        /// The chance of each write.
        chance: Ratio = "chance",
    }
    /// New connections are refused.
    Refuse Network Lasting "refuse" {
        /// Between whom.
        between: Groups = "refuse",
        /// Only those that earlier groups open to later ones.
        one_way: bool = "one_way",
    }
    /// New connections are not answered.
    Hang Network Lasting "hang" {
        /// Between whom.
        between: Groups = "hang",
        /// Only those that earlier groups open to later ones.
        one_way: bool = "one_way",
    }
    /// Reads and writes of streams are partial.
    Chop Network Lasting "chop" {
        /// Between whom.
        between: Groups = "chop",
        /// The most that one read or write moves.
        bytes: NonZeroU32 = "bytes",
    }
    /// Streams have tiny buffers.
    Window Network Lasting "window" {
        /// Between whom.
        between: Groups = "window",
        /// What is under way at most.
        bytes: NonZeroU32 = "bytes",
    }
    /// Names are resolved late.
    DnsLate Network Lasting "dns.late" {
        /// Whose look-ups.
        machines: Group = "dns",
        /// By how much.
        by: Duration = "late",
    }
    /// Names are not resolved.
    DnsFail Network Lasting "dns.fail" {
        /// Whose look-ups.
        machines: Group = "dns",
        /// `true`.
        fail: Flag = "fail",
    }

    /// Processes end at once: kill -9. What they wrote to the operating system survives.
    Kill Process Sudden "kill" {
        /// Which processes.
        processes: Processes = "kill",
        /// When they start again; when absent, when everything heals.
        restart_after: Option<Duration> = "restart_after",
        /// Only if at most so many machines are then down.
        down_max: Option<u32> = "down_max",
    }
    /// Processes are killed again and again, each time while they recover.
    CrashLoop Process Sudden "crash_loop" {
        /// Which processes.
        processes: Processes = "crash_loop",
        /// The time from one kill to the next; they start again half way.
        every: Duration = "every",
        /// How often.
        times: NonZeroU32 = "times",
        /// Only if at most so many machines are then down.
        down_max: Option<u32> = "down_max",
    }
    /// Processes are asked to end, and killed when they take longer than the grace.
    Stop Process Sudden "stop" {
        /// Which processes.
        processes: Processes = "stop",
        /// How long they may take.
        grace: Duration = "grace",
        /// When they start again, counted from the end of the grace; when absent, when everything heals.
        restart_after: Option<Duration> = "restart_after",
        /// Only if at most so many machines are then down.
        down_max: Option<u32> = "down_max",
    }
    /// Processes hang while time goes on.
    Pause Process Lasting "pause" {
        /// Which processes.
        processes: Processes = "pause",
        /// Only if at most so many machines are then down.
        down_max: Option<u32> = "down_max",
    }
    /// The power goes: processes end, unsynced sectors are kept, lost or torn, peers hear nothing.
    Power Process Sudden "power" {
        /// Which machines.
        machines: Group = "power",
        /// When it comes back; when absent, when everything heals.
        restart_after: Option<Duration> = "restart_after",
        /// What becomes of unsynced sectors.
        unsynced: Option<Unsynced> = "unsynced",
        /// The machine comes back with an empty disk.
        wipe: bool = "wipe",
        /// Only if at most so many machines are then down.
        down_max: Option<u32> = "down_max",
    }
    /// Two machines lose their power and come back with each other's disk.
    Swap Process Sudden "swap" {
        /// Which two.
        machines: Pair = "swap",
        /// When they come back; when absent, when everything heals.
        restart_after: Option<Duration> = "restart_after",
    }
    /// Processes stop and start again as another version, or with another configuration.
    Upgrade Process Sudden "upgrade" {
        /// Which processes.
        processes: Processes = "upgrade",
        /// The version that starts.
        version: u32 = "version",
        /// Its configuration; the one it had when absent.
        config: Option<Text> = "config",
        /// How long they may take to stop.
        grace: Duration = "grace",
    }
    /// Processes are bounced one after another.
    Roll Process Sudden "roll" {
        /// Which processes, in this order.
        processes: Processes = "roll",
        /// The time from one to the next.
        every: Duration = "every",
        /// How long each may take to stop.
        grace: Duration = "grace",
        /// The version that starts; the one it had when absent.
        version: Option<u32> = "version",
    }
    /// The machine has another address; what was sent to the old one is lost.
    Address Process Sudden "address" {
        /// Which machine.
        machine: Selector = "address",
        /// Its new address.
        ip: IpAddr = "ip",
    }
    /// The machine computes slower.
    Slow Process Lasting "slow" {
        /// Which machines.
        machines: Group = "slow",
        /// How many times slower.
        times: NonZeroU32 = "times",
    }
    /// Tasks let others run first at the sites they pass.
    Yield Process Lasting "yield" {
        /// On which machines.
        machines: Group = "yield",
        /// The chance of each site passed.
        chance: Ratio = "chance",
    }

    /// Disk operations take longer.
    DiskLatency Disk Lasting "disk.latency" {
        /// Whose disks.
        machines: Group = "disk",
        /// How long each takes.
        by: Spread = "latency",
    }
    /// The disk stands still for a while, again and again.
    DiskStall Disk Lasting "disk.stall" {
        /// Whose disks.
        machines: Group = "disk",
        /// How long it stands still.
        stall: Duration = "stall",
        /// From one stall to the next.
        period: Duration = "period",
    }
    /// Bytes pass slowly to and from the disk.
    DiskThrottle Disk Lasting "disk.bytes_per_second" {
        /// Whose disks.
        machines: Group = "disk",
        /// How many in a second.
        bytes_per_second: NonZeroU32 = "bytes_per_second",
    }
    /// The disk is nearly full.
    DiskFull Disk Lasting "disk.bytes_free" {
        /// Whose disks.
        machines: Group = "disk",
        /// What is left.
        bytes_free: u64 = "bytes_free",
        /// What somebody else gives back in each second, or takes where it is below zero; nothing when absent.
        bytes_per_second: Option<i32> = "drift_bytes_per_second",
    }
    /// Disk operations fail with an input/output error.
    DiskError Disk Lasting "disk.error" {
        /// Whose disks.
        machines: Group = "disk",
        /// Which operations.
        work: DiskWork = "error",
        /// The chance of each.
        chance: Ratio = "chance",
    }
    /// Sync says that it is done and did nothing.
    LyingSync Disk Lasting "disk.lying_sync" {
        /// Whose disks.
        machines: Group = "disk",
        /// The chance of each sync.
        chance: Ratio = "lying_sync",
    }
    /// Sync fails, and what it should have written is gone from the cache.
    SyncError Disk Lasting "disk.sync_error" {
        /// Whose disks.
        machines: Group = "disk",
        /// The chance of each sync.
        chance: Ratio = "sync_error",
    }
    /// A bit at rest flips, and stays so when it is read again.
    BitRot Disk Lasting "disk.bit_rot" {
        /// Whose disks.
        machines: Group = "disk",
        /// The chance of each sector read.
        chance: Ratio = "bit_rot",
    }
    /// A write lands elsewhere.
    MisdirectWrite Disk Lasting "disk.misdirect_write" {
        /// Whose disks.
        machines: Group = "disk",
        /// The chance of each sector written.
        chance: Ratio = "misdirect_write",
    }
    /// A read brings another sector.
    MisdirectRead Disk Lasting "disk.misdirect_read" {
        /// Whose disks.
        machines: Group = "disk",
        /// The chance of each sector read.
        chance: Ratio = "misdirect_read",
    }
    /// A read brings bytes that nobody wrote.
    Uninitialized Disk Lasting "disk.uninitialized" {
        /// Whose disks.
        machines: Group = "disk",
        /// The chance of each sector read.
        chance: Ratio = "uninitialized",
    }

    /// When the power goes, files lose some of their end, synced or not.
    LostTail Disk Lasting "disk.lost_tail" {
        /// Whose disks.
        machines: Group = "disk",
        /// The chance of each file.
        chance: Ratio = "lost_tail",
    }
    /// When the power goes, a part of a file is found copied over another.
    CopiedChunk Disk Lasting "disk.copied_chunk" {
        /// Whose disks.
        machines: Group = "disk",
        /// The chance of each file.
        chance: Ratio = "copied_chunk",
    }

    /// The wall clock jumps, and stays away from the truth by so much.
    ClockSkew Clock Lasting "clock.skew" {
        /// Whose clocks.
        machines: Group = "clock",
        /// How far, and which way.
        by: Shift = "skew",
    }
    /// The wall clock runs fast or slow.
    ClockDrift Clock Lasting "clock.drift_ppm" {
        /// Whose clocks.
        machines: Group = "clock",
        /// Millionths of a second in a second.
        ppm: i32 = "drift_ppm",
    }
    /// The wall clock goes back once.
    ClockReverse Clock Lasting "clock.reverse" {
        /// Whose clocks.
        machines: Group = "clock",
        /// How far.
        by: Duration = "reverse",
    }
    /// The wall clock jumps forwards and back, again and again.
    ClockStrobe Clock Lasting "clock.strobe" {
        /// Whose clocks.
        machines: Group = "clock",
        /// How far.
        by: Duration = "strobe",
        /// From one jump forwards to the next.
        period: Duration = "period",
    }
    /// The wall clock stands still.
    ClockFreeze Clock Lasting "clock.freeze" {
        /// Whose clocks.
        machines: Group = "clock",
        /// `true`.
        freeze: Flag = "freeze",
    }
    /// The wall clock goes a little further at each read.
    ClockCreep Clock Lasting "clock.creep" {
        /// Whose clocks.
        machines: Group = "clock",
        /// How far at each read, and which way.
        by: Shift = "creep",
    }
    /// The monotonic clock goes back once.
    MonotonicReverse Clock Lasting "monotonic.reverse" {
        /// Whose clocks.
        machines: Group = "monotonic",
        /// How far.
        by: Duration = "reverse",
    }
    /// The monotonic clock stands still.
    MonotonicFreeze Clock Lasting "monotonic.freeze" {
        /// Whose clocks.
        machines: Group = "monotonic",
        /// `true`.
        freeze: Flag = "freeze",
    }
    /// The monotonic clock runs fast or slow, and timers with it.
    MonotonicDrift Clock Lasting "monotonic.drift_ppm" {
        /// Whose clocks.
        machines: Group = "monotonic",
        /// Millionths of a second in a second.
        ppm: i32 = "drift_ppm",
    }
    /// Timers fire late.
    TimerOverrun Clock Lasting "timers.overrun" {
        /// Whose timers.
        machines: Group = "timers",
        /// By how much at most.
        by: Duration = "overrun",
        /// The chance of each timer.
        chance: Ratio = "chance",
    }

    /// All entropy of the machine is one value.
    Entropy Resource Lasting "entropy" {
        /// Whose entropy.
        machines: Group = "entropy",
        /// The value of every draw.
        value: u64 = "value",
    }
    /// Memory cannot be had.
    Allocation Resource Lasting "allocation" {
        /// On which machines.
        machines: Group = "allocation",
        /// How many reservations succeed first.
        after: u32 = "after",
        /// How many then fail.
        count: NonZeroU32 = "count",
        /// Only at this point.
        point: Option<PointName> = "point",
    }
    /// A number of the system is turned to an extreme: a tiny limit, an empty cache.
    Knob Resource Lasting "knob" {
        /// Which number.
        knob: KnobName = "knob",
        /// What it becomes.
        value: u64 = "value",
    }
    /// A fault that a model brings.
    Call Resource Lasting "call" {
        /// Its name.
        call: CallName = "call",
        /// Its arguments.
        args: Arguments = "args",
    }
}
