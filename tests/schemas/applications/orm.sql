-- In the manner of Hibernate: sequences by name, in steps of 50, no default; some were tied
-- to their column by an administrator.
CREATE TABLE customer (id bigint PRIMARY KEY, name text);
CREATE TABLE invoice (id bigint PRIMARY KEY, customer_id bigint REFERENCES customer);
CREATE TABLE invoice_line (id bigint PRIMARY KEY, invoice_id bigint REFERENCES invoice);
CREATE TABLE parcel (id bigint PRIMARY KEY);
CREATE TABLE audited (id bigint PRIMARY KEY, revtype smallint);
CREATE TABLE revinfo (rev integer PRIMARY KEY, revtstmp bigint);
CREATE TABLE person (id bigint PRIMARY KEY, first_name text);
CREATE TABLE person_aud (id bigint, rev integer REFERENCES revinfo, PRIMARY KEY (id, rev));
CREATE TABLE document (id bigint PRIMARY KEY, words text);
CREATE TABLE generated_ids (name text PRIMARY KEY, next bigint);
CREATE SEQUENCE customer_seq INCREMENT 50;
CREATE SEQUENCE invoice_seq INCREMENT 50;
CREATE SEQUENCE invoice_line_seq INCREMENT 50;
CREATE SEQUENCE revinfo_seq INCREMENT 50;
CREATE SEQUENCE hibernate_sequence;
CREATE SEQUENCE person_seq INCREMENT 50 OWNED BY person.id;
CREATE SEQUENCE document_seq AS integer INCREMENT 20 OWNED BY document.id;
-- Two servers write odd and even ids; a third keeps tens.
CREATE SEQUENCE parcel_seq INCREMENT 2;
ALTER TABLE parcel ALTER id SET DEFAULT nextval('parcel_seq');
CREATE TABLE crate (id bigint PRIMARY KEY);
CREATE SEQUENCE crate_seq INCREMENT 10 START 3 OWNED BY crate.id;
ALTER TABLE crate ALTER id SET DEFAULT nextval('crate_seq');
-- used
SELECT nextval('customer_seq') FROM generate_series(1, 3);
INSERT INTO customer SELECT n FROM generate_series(1, 101) AS n;
SELECT nextval('person_seq') FROM generate_series(1, 3);
INSERT INTO person SELECT n FROM generate_series(1, 80) AS n;
INSERT INTO parcel SELECT nextval('parcel_seq') FROM generate_series(1, 9);
INSERT INTO parcel SELECT 2 * n FROM generate_series(1, 20) AS n;
INSERT INTO crate SELECT 10 * n + 4 FROM generate_series(0, 20) AS n;
