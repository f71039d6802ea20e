-- Ids that are computed: by arithmetic, by a cipher, by functions that take the sequence,
-- and by functions whose body the catalog knows.
CREATE FUNCTION encrypt_id(value bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  l bigint := (value >> 16) & 65535; r bigint := value & 65535; x bigint;
BEGIN
  FOR i IN 1..3 LOOP x := r; r := l # ((((1366 * r + 150889) % 714025) * 32767 / 714025) & 65535); l := x; END LOOP;
  RETURN (r << 16) + l;
END $$;
CREATE FUNCTION snowflake(regclass) RETURNS bigint LANGUAGE sql AS 'SELECT (70368744177664 << 12) | (nextval($1) % 4096)';
CREATE SEQUENCE posts_seq; CREATE SEQUENCE orders_seq; CREATE SEQUENCE flakes_seq; CREATE SEQUENCE digits_seq MAXVALUE 1023 CYCLE;
CREATE SEQUENCE offset_seq; CREATE SEQUENCE codes_seq; CREATE SEQUENCE atomic_seq; CREATE SEQUENCE slots_seq; CREATE SEQUENCE coded_seq;
CREATE TABLE posts (id bigint PRIMARY KEY DEFAULT encrypt_id(nextval('posts_seq')), words text);
CREATE TABLE orders (id integer PRIMARY KEY DEFAULT nextval('orders_seq') * 1000 + 7);
ALTER SEQUENCE orders_seq OWNED BY orders.id;
CREATE TABLE flakes (id bigint PRIMARY KEY DEFAULT snowflake('flakes_seq'));
CREATE TABLE stamped (id bigint PRIMARY KEY DEFAULT ((floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint << 20) | nextval('digits_seq')));
CREATE TABLE raised (id integer PRIMARY KEY DEFAULT 1000000000 + nextval('offset_seq'));
CREATE TABLE coded (code text PRIMARY KEY DEFAULT 'INV-' || nextval('codes_seq')::text);
CREATE TABLE slots (slot smallint DEFAULT nextval('slots_seq') % 16, word text);
CREATE FUNCTION numbered() RETURNS bigint BEGIN ATOMIC SELECT nextval('atomic_seq'); END;
CREATE TABLE atoms (id integer PRIMARY KEY DEFAULT numbered());
-- The same sequence, plain in one column and computed in another.
CREATE TABLE twofold (id integer PRIMARY KEY DEFAULT nextval('coded_seq'), code text DEFAULT 'X' || nextval('coded_seq'));
-- Casts that keep the value.
CREATE TABLE casts (a serial PRIMARY KEY, b bigserial, c smallserial);
ALTER TABLE casts ALTER a SET DEFAULT nextval('casts_a_seq')::integer, ALTER b SET DEFAULT nextval('casts_b_seq')::numeric, ALTER c SET DEFAULT (nextval('casts_c_seq'))::int::smallint;
CREATE TABLE floats (id integer PRIMARY KEY);
CREATE SEQUENCE floats_seq OWNED BY floats.id;
ALTER TABLE floats ALTER id SET DEFAULT nextval('floats_seq')::real;
