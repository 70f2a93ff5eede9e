-- What readers join: WHERE generation = (SELECT generation FROM read_model.live WHERE projector = '...').
CREATE VIEW read_model.live AS
SELECT name AS projector, generation, facts_generation, position, updated_at
FROM read_model.projector
WHERE generation IS NOT NULL;
