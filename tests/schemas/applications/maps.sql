-- In the manner of OpenStreetMap: elements with versions, composite keys, one wide key
-- that narrow columns refer to.
CREATE TABLE members (id bigserial PRIMARY KEY, name text NOT NULL, seen_at timestamptz);
CREATE TABLE member_settings (member_id bigint NOT NULL REFERENCES members, k text NOT NULL, v text, PRIMARY KEY (member_id, k));
CREATE TABLE edits (id bigserial PRIMARY KEY, member_id bigint NOT NULL REFERENCES members, opened_at timestamptz DEFAULT now());
CREATE TABLE edit_remarks (id serial PRIMARY KEY, edit_id bigint NOT NULL REFERENCES edits, author_id bigint REFERENCES members, words text);
CREATE TABLE edit_labels (edit_id bigint NOT NULL REFERENCES edits, k text NOT NULL, v text, PRIMARY KEY (edit_id, k));
CREATE TABLE live_points (id bigserial PRIMARY KEY, lat integer, lon integer, edit_id bigint REFERENCES edits, version bigint DEFAULT 1);
CREATE TABLE live_lines (id bigserial PRIMARY KEY, edit_id bigint REFERENCES edits, version bigint DEFAULT 1);
CREATE TABLE live_groups (id bigserial PRIMARY KEY, edit_id bigint REFERENCES edits, version bigint DEFAULT 1);
CREATE TABLE points (point_id bigint, version bigint, lat integer, lon integer, PRIMARY KEY (point_id, version));
CREATE TABLE lines (line_id bigint, version bigint, edit_id bigint REFERENCES edits, PRIMARY KEY (line_id, version));
CREATE TABLE line_points (line_id bigint, version bigint, place bigint, point_id bigint, PRIMARY KEY (line_id, version, place), FOREIGN KEY (line_id, version) REFERENCES lines);
CREATE TABLE groups (group_id bigint, version bigint, PRIMARY KEY (group_id, version));
CREATE TABLE tracks (id bigserial PRIMARY KEY, member_id bigint REFERENCES members, file text);
CREATE TABLE track_labels (id bigserial PRIMARY KEY, track_id bigint REFERENCES tracks, label text);
CREATE TABLE track_positions (track_id bigint REFERENCES tracks, place integer, lat integer);
CREATE TABLE hints (id bigserial PRIMARY KEY, lat integer, state smallint DEFAULT 0);
CREATE TABLE hint_answers (id bigserial PRIMARY KEY, hint_id bigint REFERENCES hints, words text);
CREATE TABLE disputes (id serial PRIMARY KEY, kind text, about_member_id integer REFERENCES members (id), settled_by integer REFERENCES members (id));
CREATE TABLE dispute_words (id serial PRIMARY KEY, dispute_id integer REFERENCES disputes, member_id integer REFERENCES members (id));
CREATE TABLE blocks (id serial PRIMARY KEY, member_id bigint REFERENCES members, reason text);
