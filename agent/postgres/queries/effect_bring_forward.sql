-- Answers: nothing; runs now what triggers and constraints would do at COMMIT.
-- Privileges: those of what it runs. Oldest server: 13.
SET CONSTRAINTS ALL IMMEDIATE
