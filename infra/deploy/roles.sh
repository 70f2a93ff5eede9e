#!/bin/sh
# Makes the application's role with its password when the database is new; the migrations grant it what it may do.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$MASTERY_APP_PASSWORD" --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
CREATE ROLE mastery_app LOGIN PASSWORD :'password';
SQL
