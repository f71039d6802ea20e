-- Answers: nothing; runs a seed file as part of the transaction. PL/pgSQL takes many
-- statements at once and none that would end the transaction.
-- Privileges: those of the statements. Oldest server: 13.
DO $seed$
BEGIN
    EXECUTE current_setting('sequence_agent.seed');
END
$seed$
