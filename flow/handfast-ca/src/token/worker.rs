//! The thread that talks to one module: it opens the token, logs in, finds the key, and signs.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
};

use aws_lc_rs::digest::{self, SHA256, SHA384};
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error as Cryptoki, RvError},
    mechanism::Mechanism,
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::Slot,
    types::AuthPin,
};
use handfast_pki::{KeyKind, PublicKey};

use super::uri::TokenUri;
use crate::token_error::TokenError;

/// What a token is asked.
pub(super) enum What {
    /// Whether the private half can be used.
    Ready,
    /// The public half of the key.
    PublicKey,
    /// A new pair of keys; its public half.
    Generate(KeyKind),
    /// A signature by the key, whose public half this is.
    Sign { message: Vec<u8>, key: PublicKey },
}

/// What it answers.
pub(super) enum Answer {
    Ready,
    Key(PublicKey),
    /// As the token gives it.
    Signature(Vec<u8>),
}

impl Answer {
    pub(super) fn public_key(self, uri: &TokenUri) -> Result<PublicKey, TokenError> {
        match self {
            Self::Key(key) => Ok(key),
            Self::Ready | Self::Signature(_) => Err(refused(uri, "it answered another question")),
        }
    }

    pub(super) fn signature(self, uri: &TokenUri) -> Result<Vec<u8>, TokenError> {
        match self {
            Self::Signature(signature) => Ok(signature),
            Self::Ready | Self::Key(_) => Err(refused(uri, "it answered another question")),
        }
    }
}

struct Job {
    uri: TokenUri,
    what: What,
    answer: Sender<Result<Answer, TokenError>>,
}

/// One thread for each module of this process, which may be initialised once.
static WORKERS: Mutex<BTreeMap<PathBuf, Sender<Job>>> = Mutex::new(BTreeMap::new());

/// Asks the token of `uri`, and waits for its deadline at most. What comes later is dropped.
pub(super) fn ask(uri: &TokenUri, what: What) -> Result<Answer, TokenError> {
    let (answer, answered) = mpsc::channel();
    let job = Job {
        uri: uri.clone(),
        what,
        answer,
    };
    let gone = || TokenError::Gone { token: uri.called() };
    worker(uri.module()?).send(job).map_err(|_| gone())?;
    match answered.recv_timeout(uri.deadline()) {
        Ok(answer) => answer,
        Err(RecvTimeoutError::Timeout) => Err(TokenError::Late {
            token: uri.called(),
            seconds: uri.deadline().as_secs(),
        }),
        Err(RecvTimeoutError::Disconnected) => Err(gone()),
    }
}

fn worker(module: PathBuf) -> Sender<Job> {
    let mut workers = WORKERS.lock().unwrap_or_else(PoisonError::into_inner);
    workers
        .entry(module.clone())
        .or_insert_with(|| {
            let (jobs, taken) = mpsc::channel();
            // Where no thread can be had, its channel is closed and the token is not there.
            let _ = thread::Builder::new()
                .name("token".into())
                .spawn(move || run(&module, &taken));
            jobs
        })
        .clone()
}

fn run(module: &Path, jobs: &Receiver<Job>) {
    let mut token = Worker {
        module: module.to_owned(),
        context: None,
        open: BTreeMap::new(),
        bad_pins: BTreeSet::new(),
    };
    while let Ok(Job { uri, what, answer }) = jobs.recv() {
        // Who asked may have given up; then nobody hears.
        let _ = answer.send(token.answer(&uri, &what));
    }
}

struct Worker {
    module: PathBuf,
    context: Option<Pkcs11>,
    /// Sessions with the private key found, by the URI.
    open: BTreeMap<String, (Session, ObjectHandle)>,
    /// URIs whose PIN was refused: a second try could lock the token.
    bad_pins: BTreeSet<String>,
}

impl Worker {
    fn answer(&mut self, uri: &TokenUri, what: &What) -> Result<Answer, TokenError> {
        match what {
            What::Ready => self.opened(uri).map(|_| Answer::Ready),
            What::PublicKey => {
                let session = self.session(uri, false)?;
                public_key(&session, uri).map(Answer::Key)
            }
            What::Generate(kind) => {
                let session = self.session(uri, true)?;
                generate(&session, uri, *kind)?;
                public_key(&session, uri).map(Answer::Key)
            }
            What::Sign { message, key } => self.sign(uri, message, key).map(Answer::Signature),
        }
    }

    fn sign(&mut self, uri: &TokenUri, message: &[u8], key: &PublicKey) -> Result<Vec<u8>, TokenError> {
        let known = self.open.contains_key(&uri.to_string());
        match self.try_to_sign(uri, message, key) {
            // What was good may have been taken out and put in again, or somebody has logged out.
            Err(TokenError::LoginLost { .. }) if known => {
                self.open.remove(&uri.to_string());
                self.try_to_sign(uri, message, key)
            }
            other => other,
        }
    }

    fn try_to_sign(
        &mut self,
        uri: &TokenUri,
        message: &[u8],
        key: &PublicKey,
    ) -> Result<Vec<u8>, TokenError> {
        let (session, private) = self.opened(uri)?;
        let signed = match KeyKind::of(key) {
            Some(KeyKind::P256) => {
                let hash = digest::digest(&SHA256, message);
                session.sign(&Mechanism::Ecdsa, *private, hash.as_ref())
            }
            Some(KeyKind::P384) => {
                let hash = digest::digest(&SHA384, message);
                session.sign(&Mechanism::Ecdsa, *private, hash.as_ref())
            }
            Some(KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096) => {
                session.sign(&Mechanism::Sha256RsaPkcs, *private, message)
            }
            Some(KeyKind::Ed25519 | KeyKind::MlDsa(_)) | None => {
                return Err(refused(uri, "it is not asked for this kind of key"));
            }
        };
        signed.map_err(|error| told(uri, &error))
    }

    /// The session that is logged in, and the private key in it.
    fn opened(&mut self, uri: &TokenUri) -> Result<&(Session, ObjectHandle), TokenError> {
        let name = uri.to_string();
        if !self.open.contains_key(&name) {
            let session = self.session(uri, false)?;
            let private = find(&session, uri, ObjectClass::PRIVATE_KEY)?;
            self.open.insert(name.clone(), (session, private));
        }
        self.open
            .get(&name)
            .ok_or_else(|| TokenError::LoginLost { token: uri.called() })
    }

    /// A session that is logged in, where the token wants that.
    fn session(&mut self, uri: &TokenUri, writes: bool) -> Result<Session, TokenError> {
        let context = self.context()?.clone();
        let slot = slot(&context, uri)?;
        let opened = if writes {
            context.open_rw_session(slot)
        } else {
            context.open_ro_session(slot)
        };
        let session = opened.map_err(|error| told(uri, &error))?;
        let info = context.get_token_info(slot).map_err(|error| told(uri, &error))?;
        if !info.login_required() {
            return Ok(session);
        }
        let pin = uri.pin()?;
        if pin.is_none() && !info.protected_authentication_path() {
            return Err(TokenError::Pin {
                token: uri.called(),
                detail: "none was given",
            });
        }
        if self.bad_pins.contains(&uri.to_string()) {
            return Err(TokenError::Pin {
                token: uri.called(),
                detail: "it was wrong before and is not tried again",
            });
        }
        let pin = pin.map(|pin| AuthPin::from(pin.as_str().to_owned()));
        match session.login(UserType::User, pin.as_ref()) {
            Ok(()) | Err(Cryptoki::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(error) => {
                let told = told(uri, &error);
                if matches!(told, TokenError::Pin { .. }) {
                    self.bad_pins.insert(uri.to_string());
                }
                Err(told)
            }
        }
    }

    fn context(&mut self) -> Result<&Pkcs11, TokenError> {
        let failed = |error: &Cryptoki| TokenError::Module {
            module: self.module.display().to_string(),
            detail: error.to_string(),
        };
        if self.context.is_none() {
            let context = Pkcs11::new(&self.module).map_err(|error| failed(&error))?;
            match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
                Ok(()) | Err(Cryptoki::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
                Err(error) => return Err(failed(&error)),
            }
            self.context = Some(context);
        }
        self.context
            .as_ref()
            .ok_or(TokenError::Gone { token: String::new() })
    }
}

/// The one slot whose token is that of `uri`.
fn slot(context: &Pkcs11, uri: &TokenUri) -> Result<Slot, TokenError> {
    let slots = context
        .get_slots_with_initialized_token()
        .map_err(|error| told(uri, &error))?;
    let mut found = Vec::new();
    for slot in slots {
        let Ok(info) = context.get_token_info(slot) else {
            continue;
        };
        let has = |name: &str, value: &str| {
            let wanted = uri.attribute(name);
            wanted.is_none_or(|wanted| wanted == value.trim_end().as_bytes())
        };
        let is_it = has("token", info.label())
            && has("serial", info.serial_number())
            && has("manufacturer", info.manufacturer_id())
            && has("model", info.model())
            && has("slot-id", &slot.id().to_string());
        if is_it {
            found.push(slot);
        }
    }
    match found.as_slice() {
        [] => Err(TokenError::Gone { token: uri.called() }),
        [slot] => Ok(*slot),
        several => Err(refused(
            uri,
            &format!(
                "{} tokens are called so, add \"serial\" to the URI",
                several.len()
            ),
        )),
    }
}

/// By which the objects of the key are found.
fn named(uri: &TokenUri) -> Vec<Attribute> {
    let label = uri
        .attribute("object")
        .map(|label| Attribute::Label(label.to_vec()));
    let id = uri.attribute("id").map(|id| Attribute::Id(id.to_vec()));
    label.into_iter().chain(id).collect()
}

fn find(session: &Session, uri: &TokenUri, class: ObjectClass) -> Result<ObjectHandle, TokenError> {
    let found = objects(session, uri, class)?;
    match found.as_slice() {
        [one] => Ok(*one),
        others => Err(TokenError::NoKey {
            token: uri.called(),
            key: uri.key(),
            found: others.len(),
        }),
    }
}

fn objects(session: &Session, uri: &TokenUri, class: ObjectClass) -> Result<Vec<ObjectHandle>, TokenError> {
    let mut template = named(uri);
    template.push(Attribute::Class(class));
    session.find_objects(&template).map_err(|error| told(uri, &error))
}

fn public_key(session: &Session, uri: &TokenUri) -> Result<PublicKey, TokenError> {
    let object = find(session, uri, ObjectClass::PUBLIC_KEY)?;
    let asked = |kinds: &[AttributeType]| {
        session
            .get_attributes(object, kinds)
            .map_err(|error| told(uri, &error))
    };
    let kind = asked(&[AttributeType::KeyType])?;
    let read = match kind.as_slice() {
        [Attribute::KeyType(KeyType::EC)] => {
            let parts = asked(&[AttributeType::EcParams, AttributeType::EcPoint])?;
            let mut curve = None;
            let mut point = None;
            for part in parts {
                match part {
                    Attribute::EcParams(octets) => curve = Some(octets),
                    Attribute::EcPoint(octets) => point = Some(octets),
                    _ => {}
                }
            }
            curve
                .zip(point)
                .map(|(curve, point)| PublicKey::from_curve(&curve, &point))
        }
        [Attribute::KeyType(KeyType::RSA)] => {
            let parts = asked(&[AttributeType::Modulus, AttributeType::PublicExponent])?;
            let mut modulus = None;
            let mut exponent = None;
            for part in parts {
                match part {
                    Attribute::Modulus(octets) => modulus = Some(octets),
                    Attribute::PublicExponent(octets) => exponent = Some(octets),
                    _ => {}
                }
            }
            modulus
                .zip(exponent)
                .map(|(modulus, exponent)| PublicKey::from_modulus(&modulus, &exponent))
        }
        _ => None,
    };
    match read {
        Some(Ok(key)) => Ok(key),
        Some(Err(error)) => Err(refused(uri, &error.to_string())),
        None => Err(refused(uri, "the key is neither of an elliptic curve nor RSA")),
    }
}

/// Makes a pair that cannot be taken out; refused where the label is in use.
fn generate(session: &Session, uri: &TokenUri, kind: KeyKind) -> Result<(), TokenError> {
    let taken = objects(session, uri, ObjectClass::PRIVATE_KEY)?.len();
    if taken > 0 {
        return Err(refused(uri, &format!("there is a key \"{}\" already", uri.key())));
    }
    const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    const P384: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
    let curve = |oid: &[u8]| (Mechanism::EccKeyPairGen, vec![Attribute::EcParams(oid.to_vec())]);
    let rsa = |bits: u64| {
        let exponent = Attribute::PublicExponent(vec![1, 0, 1]);
        (
            Mechanism::RsaPkcsKeyPairGen,
            vec![Attribute::ModulusBits(bits.into()), exponent],
        )
    };
    let (mechanism, parameters) = match kind {
        KeyKind::P256 => curve(P256),
        KeyKind::P384 => curve(P384),
        KeyKind::Rsa2048 => rsa(2048),
        KeyKind::Rsa3072 => rsa(3072),
        KeyKind::Rsa4096 => rsa(4096),
        KeyKind::Ed25519 | KeyKind::MlDsa(_) => {
            let what = format!("keys of the kind {} are not made in tokens", kind.name());
            return Err(refused(uri, &what));
        }
    };
    let mut name = named(uri);
    if uri.attribute("id").is_none() {
        let mut id = [0; 8];
        aws_lc_rs::rand::fill(&mut id).map_err(|_| refused(uri, "there is no randomness"))?;
        name.push(Attribute::Id(id.to_vec()));
    }
    let public = [
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Verify(true),
    ];
    let private = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
    ];
    let public: Vec<Attribute> = public.into_iter().chain(parameters).chain(name.clone()).collect();
    let private: Vec<Attribute> = private.into_iter().chain(name).collect();
    session
        .generate_key_pair(&mechanism, &public, &private)
        .map(drop)
        .map_err(|error| told(uri, &error))
}

fn refused(uri: &TokenUri, detail: &str) -> TokenError {
    TokenError::Refused {
        token: uri.called(),
        detail: detail.to_owned(),
    }
}

/// What the module says, sorted by what helps.
fn told(uri: &TokenUri, error: &Cryptoki) -> TokenError {
    let token = uri.called();
    let pin = |detail| TokenError::Pin {
        token: uri.called(),
        detail,
    };
    let Cryptoki::Pkcs11(rv, _) = error else {
        return refused(uri, &error.to_string());
    };
    match rv {
        RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => pin("it is wrong"),
        RvError::PinExpired => pin("it has expired"),
        RvError::PinLocked => pin("it is locked"),
        RvError::UserPinNotInitialized => pin("the token has none yet"),
        RvError::DeviceRemoved
        | RvError::DeviceError
        | RvError::TokenNotPresent
        | RvError::TokenNotRecognized
        | RvError::SlotIdInvalid
        | RvError::CryptokiNotInitialized => TokenError::Gone { token },
        RvError::UserNotLoggedIn
        | RvError::SessionClosed
        | RvError::SessionHandleInvalid
        | RvError::KeyHandleInvalid
        | RvError::ObjectHandleInvalid => TokenError::LoginLost { token },
        _ => refused(uri, &error.to_string()),
    }
}
