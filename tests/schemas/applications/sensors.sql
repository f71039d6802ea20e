-- In the manner of a monitor that keeps a table of next ids: no sequence but two.
CREATE TABLE ids (table_name text, field_name text, nextid bigint NOT NULL, PRIMARY KEY (table_name, field_name));
CREATE TABLE hosts (hostid bigint PRIMARY KEY, proxy_hostid bigint REFERENCES hosts);
CREATE TABLE items (itemid bigint PRIMARY KEY, hostid bigint REFERENCES hosts, template_itemid bigint REFERENCES items);
CREATE TABLE triggers (triggerid bigint PRIMARY KEY, expression text);
CREATE TABLE functions (functionid bigint PRIMARY KEY, itemid bigint REFERENCES items);
CREATE TABLE history (itemid bigint NOT NULL, clock integer DEFAULT 0 NOT NULL, value double precision, PRIMARY KEY (itemid, clock));
CREATE TABLE trends (itemid bigint NOT NULL, clock integer DEFAULT 0 NOT NULL, PRIMARY KEY (itemid, clock));
CREATE TABLE changelog (changelogid bigserial PRIMARY KEY, object integer);
CREATE TABLE ha_nodes (nodeid text PRIMARY KEY);
CREATE TABLE proxy_history (id bigserial PRIMARY KEY, itemid bigint);
CREATE TABLE dbversion (id integer PRIMARY KEY, mandatory integer);
