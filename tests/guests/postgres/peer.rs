//! The scripted peer: it knows three statements, and the protocol around them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use pgwire::messages::data::{DataRow, FieldDescription, NoData, ParameterDescription, RowDescription};
use pgwire::messages::extendedquery::{Bind, BindComplete, CloseComplete, ParseComplete};
use pgwire::messages::response::{CommandComplete, ErrorResponse, ReadyForQuery, TransactionStatus};
use pgwire::messages::startup::{Authentication, BackendKeyData, ParameterStatus, SecretKey};
use pgwire::messages::{DecodeContext, PgWireBackendMessage as Answer, PgWireFrontendMessage as Message};
use sim::net::{TcpListener, TcpStream};
use sim::task::spawn;
use sim::time::timeout;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

/// Where it listens.
pub const PORT: u16 = 5432;

const INT8: u32 = 20;
const TEXT: u32 = 25;
const SECRET: i32 = 7;
const ADD: &str = "SELECT $1 + $2";

/// Who can be cancelled, by process number.
type Sessions = Rc<RefCell<BTreeMap<i32, Rc<Notify>>>>;

/// Serves until it is killed.
pub async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
    let sessions = Sessions::default();
    for pid in 1.. {
        let (stream, _) = listener.accept().await?;
        let sessions = sessions.clone();
        spawn(async move {
            let cancel = Rc::new(Notify::new());
            sessions.borrow_mut().insert(pid, cancel.clone());
            let session = Session {
                stream,
                pid,
                cancel,
                sessions: sessions.clone(),
                read: BytesMut::new(),
                write: BytesMut::new(),
                statements: BTreeMap::new(),
                portals: BTreeMap::new(),
            };
            // A client that goes away ends its session; the peer has nothing to say about it.
            let _ = session.run().await;
            sessions.borrow_mut().remove(&pid);
        });
    }
    Ok(())
}

struct Session {
    stream: TcpStream,
    pid: i32,
    cancel: Rc<Notify>,
    sessions: Sessions,
    read: BytesMut,
    write: BytesMut,
    statements: BTreeMap<String, String>,
    portals: BTreeMap<String, (String, Vec<i64>)>,
}

impl Session {
    async fn run(mut self) -> io::Result<()> {
        let mut context = DecodeContext::default();
        loop {
            while let Some(message) = Message::decode(&mut self.read, &context).map_err(io::Error::other)? {
                match message {
                    Message::SslNegotiation(_) => context.awaiting_frontend_ssl = false,
                    Message::Startup(_) => {
                        context.awaiting_frontend_startup = false;
                        self.greet();
                    }
                    Message::CancelRequest(request) => {
                        if let Some(cancel) = self.sessions.borrow().get(&request.pid) {
                            cancel.notify_one();
                        }
                        return Ok(());
                    }
                    Message::Terminate(_) => return Ok(()),
                    message => self.answer(message).await,
                }
            }
            self.stream.write_all_buf(&mut self.write).await?;
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Ok(());
            }
        }
    }

    fn say(&mut self, answer: Answer) {
        answer.encode(&mut self.write).expect("an answer of ours can be encoded");
    }

    fn greet(&mut self) {
        self.say(Answer::Authentication(Authentication::Ok));
        self.say(Answer::ParameterStatus(ParameterStatus::new("server_version".into(), "15.0".into())));
        self.say(Answer::BackendKeyData(BackendKeyData::new(self.pid, SecretKey::I32(SECRET))));
        self.ready();
    }

    fn ready(&mut self) {
        self.say(Answer::ReadyForQuery(ReadyForQuery::new(TransactionStatus::Idle)));
    }

    fn refuse(&mut self, code: &str, message: &str) {
        let fields = [(b'S', "ERROR"), (b'C', code), (b'M', message)];
        let fields = fields.map(|(tag, text)| (tag, text.to_string())).to_vec();
        self.say(Answer::ErrorResponse(ErrorResponse::new(fields)));
    }

    async fn answer(&mut self, message: Message) {
        match message {
            Message::Query(query) => {
                for statement in query.query.split(';') {
                    self.simple(statement.trim()).await;
                }
                self.ready();
            }
            Message::Parse(parse) => {
                self.statements.insert(parse.name.unwrap_or_default(), parse.query);
                self.say(Answer::ParseComplete(ParseComplete::new()));
            }
            Message::Describe(describe) => {
                let known =
                    self.statements.get(&describe.name.unwrap_or_default()).is_some_and(|text| text == ADD);
                let parameters = if known { vec![INT8, INT8] } else { Vec::new() };
                self.say(Answer::ParameterDescription(ParameterDescription::new(parameters)));
                if known {
                    self.say(Answer::RowDescription(RowDescription::new(vec![column(INT8, 1)])));
                } else {
                    self.say(Answer::NoData(NoData::new()));
                }
            }
            Message::Bind(bind) => {
                let portal = bind.portal_name.clone().unwrap_or_default();
                let statement = bind.statement_name.clone().unwrap_or_default();
                self.portals.insert(portal, (statement, numbers(&bind)));
                self.say(Answer::BindComplete(BindComplete::new()));
            }
            Message::Execute(execute) => {
                let (_, numbers) =
                    self.portals.get(&execute.name.unwrap_or_default()).expect("bound before").clone();
                let sum: i64 = numbers.iter().sum();
                self.row(&sum.to_be_bytes());
                self.complete();
            }
            Message::Close(_) => self.say(Answer::CloseComplete(CloseComplete::new())),
            Message::Sync(_) => self.ready(),
            _ => {}
        }
    }

    async fn simple(&mut self, statement: &str) {
        if let Some(number) = statement.strip_prefix("SELECT ") {
            self.say(Answer::RowDescription(RowDescription::new(vec![column(TEXT, 0)])));
            self.row(number.as_bytes());
            self.complete();
        } else if statement == "SLEEP" {
            match timeout(Duration::from_secs(3600), self.cancel.clone().notified()).await {
                Ok(()) => self.refuse("57014", "canceling statement due to user request"),
                Err(_) => self.complete(),
            }
        } else {
            self.refuse("42601", &format!("syntax error at or near \"{statement}\""));
        }
    }

    fn row(&mut self, value: &[u8]) {
        let mut data = BytesMut::new();
        data.put_i32(i32::try_from(value.len()).expect("a short value"));
        data.put_slice(value);
        self.say(Answer::DataRow(DataRow::new(data, 1)));
    }

    fn complete(&mut self) {
        self.say(Answer::CommandComplete(CommandComplete::new("SELECT 1".into())));
    }
}

fn column(type_id: u32, format: i16) -> FieldDescription {
    FieldDescription::new("answer".into(), 0, 0, type_id, 8, -1, format)
}

/// The bound parameters, which this peer knows to be 64-bit integers in binary.
fn numbers(bind: &Bind) -> Vec<i64> {
    let number = |parameter: &Option<bytes::Bytes>| {
        let bytes: [u8; 8] = parameter.as_deref()?.try_into().ok()?;
        Some(i64::from_be_bytes(bytes))
    };
    bind.parameters.iter().filter_map(number).collect()
}
