-- Answers: nothing; does now what would be done at COMMIT.
-- Privileges: none. Oldest server: 13.
SET CONSTRAINTS ALL IMMEDIATE
