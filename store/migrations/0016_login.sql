-- People who sign in, what they sign in with, and the OAuth clients that may
-- ask for them. Whatever proves something is here as a keyed hash.
CREATE TABLE person (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    number BIGINT NOT NULL,
    unique_id TEXT NOT NULL,
    given_name TEXT NOT NULL,
    middle_name TEXT NOT NULL,
    surname TEXT NOT NULL,
    company TEXT NOT NULL,
    locale TEXT NOT NULL,
    password TEXT NOT NULL,
    disabled_at BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX person_number ON person (realm, number);
CREATE UNIQUE INDEX person_unique_id ON person (realm, unique_id);
CREATE TABLE person_credential (
    realm TEXT NOT NULL,
    credential TEXT NOT NULL,
    version BIGINT NOT NULL,
    person TEXT NOT NULL,
    level TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (realm, credential)
);
CREATE INDEX person_credential_person ON person_credential (realm, person);
CREATE TABLE login_try (
    realm TEXT NOT NULL,
    credential TEXT NOT NULL,
    failures BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (realm, credential)
);
CREATE INDEX login_try_due ON login_try (realm, at);
CREATE TABLE login_code (
    realm TEXT NOT NULL,
    credential TEXT NOT NULL,
    hash TEXT NOT NULL,
    tries BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (realm, credential)
);
CREATE INDEX login_code_due ON login_code (realm, expires_at);
CREATE TABLE login_session (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    person TEXT NOT NULL,
    client TEXT NOT NULL,
    credential TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE INDEX login_session_person ON login_session (realm, person);
CREATE INDEX login_session_due ON login_session (realm, expires_at);
CREATE TABLE oauth_client (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    merchant TEXT NOT NULL,
    hash TEXT NOT NULL,
    redirects TEXT NOT NULL,
    hosts TEXT NOT NULL,
    scopes TEXT NOT NULL,
    result_param TEXT NOT NULL,
    access_seconds BIGINT NOT NULL,
    remember BOOLEAN NOT NULL,
    disabled_at BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX oauth_client_code ON oauth_client (code);
CREATE TABLE oauth_code (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    grant_id TEXT NOT NULL,
    client TEXT NOT NULL,
    person TEXT NOT NULL,
    credential TEXT NOT NULL,
    redirect TEXT NOT NULL,
    scopes TEXT NOT NULL,
    challenge TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (realm, id)
);
CREATE INDEX oauth_code_due ON oauth_code (realm, expires_at);
CREATE TABLE oauth_token (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
    grant_id TEXT NOT NULL,
    client TEXT NOT NULL,
    person TEXT NOT NULL,
    credential TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL DEFAULT 0,
    revoked_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (realm, id)
);
CREATE INDEX oauth_token_grant ON oauth_token (realm, grant_id);
CREATE INDEX oauth_token_person ON oauth_token (realm, person) WHERE person <> '';
CREATE INDEX oauth_token_due ON oauth_token (realm, expires_at);
