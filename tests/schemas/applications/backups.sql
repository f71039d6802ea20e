-- In the manner of a backup catalog: serials named by hand, and one that counts files.
CREATE SEQUENCE file_seq; 
CREATE TABLE names (nameid serial PRIMARY KEY, name text);
CREATE TABLE paths (pathid serial PRIMARY KEY, path text);
CREATE TABLE files (fileid bigint NOT NULL DEFAULT nextval('file_seq'), nameid integer, pathid integer, PRIMARY KEY (fileid));
ALTER SEQUENCE file_seq OWNED BY files.fileid;
CREATE TABLE jobs (jobid serial PRIMARY KEY, name text, priorjobid integer);
CREATE TABLE job_history (LIKE jobs INCLUDING DEFAULTS INCLUDING INDEXES);
CREATE TABLE sets (setid serial PRIMARY KEY);
CREATE TABLE media (mediaid serial PRIMARY KEY, poolid integer, volume text UNIQUE);
CREATE TABLE job_media (jobmediaid serial PRIMARY KEY, jobid integer REFERENCES jobs, mediaid integer REFERENCES media);
CREATE TABLE pools (poolid serial PRIMARY KEY, recycle integer REFERENCES pools);
CREATE TABLE clients (clientid serial PRIMARY KEY);
CREATE TABLE devices (deviceid serial PRIMARY KEY);
CREATE TABLE snapshots (snapshotid serial PRIMARY KEY, deviceid integer);
CREATE TABLE log (logid serial, jobid integer, PRIMARY KEY (logid));
