-- In the manner of a shop that lends films: every key is integer, its sequence bigint and
-- owned by nothing; payments are partitioned by month.
CREATE SEQUENCE actor_seq; CREATE SEQUENCE film_seq; CREATE SEQUENCE genre_seq; CREATE SEQUENCE town_seq; CREATE SEQUENCE land_seq;
CREATE SEQUENCE address_seq; CREATE SEQUENCE client_seq; CREATE SEQUENCE copy_seq; CREATE SEQUENCE tongue_seq; CREATE SEQUENCE payment_seq;
CREATE SEQUENCE loan_seq; CREATE SEQUENCE clerk_seq; CREATE SEQUENCE shop_seq;
CREATE DOMAIN release_year AS integer CHECK (VALUE > 1900);
CREATE TABLE lands (land_id integer DEFAULT nextval('land_seq') PRIMARY KEY, name text);
CREATE TABLE towns (town_id integer DEFAULT nextval('town_seq') PRIMARY KEY, land_id smallint);
CREATE TABLE addresses (address_id integer DEFAULT nextval('address_seq') PRIMARY KEY, town_id integer REFERENCES towns);
CREATE TABLE tongues (tongue_id integer DEFAULT nextval('tongue_seq') PRIMARY KEY, name text);
CREATE TABLE genres (genre_id smallint DEFAULT nextval('genre_seq') PRIMARY KEY, name text);
CREATE TABLE films (film_id integer DEFAULT nextval('film_seq') PRIMARY KEY, made release_year, tongue_id integer REFERENCES tongues);
CREATE TABLE actors (actor_id integer DEFAULT nextval('actor_seq') PRIMARY KEY, name text);
CREATE TABLE film_actors (film_id integer REFERENCES films, actor_id integer REFERENCES actors, PRIMARY KEY (actor_id, film_id));
CREATE TABLE film_genres (film_id integer REFERENCES films, genre_id smallint REFERENCES genres, PRIMARY KEY (film_id, genre_id));
CREATE TABLE shops (shop_id integer DEFAULT nextval('shop_seq') PRIMARY KEY, address_id integer);
CREATE TABLE clerks (clerk_id integer DEFAULT nextval('clerk_seq') PRIMARY KEY, shop_id integer REFERENCES shops);
CREATE TABLE clients (client_id integer DEFAULT nextval('client_seq') PRIMARY KEY, shop_id integer REFERENCES shops);
CREATE TABLE copies (copy_id integer DEFAULT nextval('copy_seq') PRIMARY KEY, film_id integer REFERENCES films);
CREATE TABLE loans (loan_id integer DEFAULT nextval('loan_seq') PRIMARY KEY, copy_id integer REFERENCES copies);
CREATE TABLE payments (payment_id integer DEFAULT nextval('payment_seq'), paid_at timestamptz DEFAULT '2026-03-03' NOT NULL, loan_id integer) PARTITION BY RANGE (paid_at);
DO $$ BEGIN
  FOR m IN 1..8 LOOP
    EXECUTE format('CREATE TABLE payments_%s PARTITION OF payments FOR VALUES FROM (%L) TO (%L)', m, make_date(2026, m, 1), make_date(2026, m + 1, 1));
    EXECUTE format('CREATE INDEX ON payments_%s (payment_id)', m);
  END LOOP;
END $$;
