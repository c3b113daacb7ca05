// Reads ROS 2's bags of SQLite: a table of topics and one of messages, in the order in which they
// were recorded. The file is hostile until shown otherwise: SQLite works on the bytes in memory
// without writing, trusts nothing of the schema, both tables must be plain tables, values are no
// longer than the file, and a query may take a number of operations that grows with the file.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/common/try.h"
#include "data/rosbag/cdr.h"
#include "data/rosbag/rosbag2.h"

enum { TOPICS_MAX = 4096, OPERATIONS_PER_CALL = 10000, CALLS_MIN = 200, CALLS_PER_MB = 100 };

bool imp_sqlite_is_file(const uint8_t *bytes, size_t length)
{
    return length >= 100 && memcmp(bytes, "SQLite format 3", 16) == 0;
}

// Called by SQLite every so many operations; nonzero ends the query.
static int count_operations(void *context)
{
    struct imp_rosbag2 *second = context;
    return --second->operations < 0;
}

static imp_status fail_sqlite(imp_rosbag *bag, imp_error *err)
{
    return imp_fail(err, IMP_BAD_INPUT, "%s: is no bag of ROS 2, or is damaged: %s", bag->name,
                    sqlite3_errmsg(bag->second->database));
}

// Opens the bytes as a database that cannot be written. A file that was recorded with a journal
// ahead says so in two bytes, with which it could not be opened without that journal.
static imp_status open_database(imp_rosbag *bag, imp_error *err)
{
    enum { WRITE_VERSION = 18, READ_VERSION = 19, WAL = 2, ROLLBACK = 1 };
    struct imp_rosbag2 *second = bag->second;
    uint8_t *bytes = (uint8_t *)(uintptr_t)bag->bytes;
    // the mapped file is read only, so the two bytes change in a copy
    if (bag->bytes[READ_VERSION] == WAL) {
        second->copy = malloc(bag->length);
        if (second->copy == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", bag->name);
        memcpy(second->copy, bag->bytes, bag->length);
        second->copy[WRITE_VERSION] = second->copy[READ_VERSION] = ROLLBACK;
        bytes = second->copy;
    }
    if (sqlite3_open_v2(":memory:", &second->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", bag->name);
    // a hostile file: no schema is trusted, values are limited, work is counted
    sqlite3 *db = second->database;
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH,
                  bag->length < 1 << 30 ? (int)bag->length + 1000 : 1 << 30);
    second->operations = CALLS_MIN + (int64_t)(bag->length >> 20) * CALLS_PER_MB;
    sqlite3_progress_handler(db, OPERATIONS_PER_CALL, count_operations, second);
    // the bytes are the database; nothing is opened by name
    if (sqlite3_deserialize(db, "main", bytes, (sqlite3_int64)bag->length,
                            (sqlite3_int64)bag->length, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
        return fail_sqlite(bag, err);
    return IMP_OK;
}

// Prepares and runs a query with one number as its result.
static imp_status query_number(imp_rosbag *bag, const char *text, int64_t *out, imp_error *err)
{
    sqlite3_stmt *query = NULL;
    const bool good =
        sqlite3_prepare_v2(bag->second->database, text, -1, &query, NULL) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW;
    if (good)
        *out = sqlite3_column_int64(query, 0);
    const imp_status status = good ? IMP_OK : fail_sqlite(bag, err);
    sqlite3_finalize(query);
    return status;
}

// Reads one topic into the connection with the next number.
static imp_status store_topic(imp_rosbag *bag, sqlite3_stmt *query, imp_error *err)
{
    struct imp_rosbag2 *second = bag->second;
    imp_rosbag_connection *connection =
        imp_rosbag_get_or_add_connection(bag, (uint32_t)second->topic_count, err);
    int64_t *grown =
        realloc(second->topics, ((size_t)second->topic_count + 1) * sizeof *second->topics);
    if (grown == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", bag->name);
    second->topics = grown;
    // the number of topics is limited
    if (connection == NULL)
        return bag->failure;
    second->topics[second->topic_count++] = sqlite3_column_int64(query, 0);
    const char *name = (const char *)sqlite3_column_text(query, 1);
    const char *type = (const char *)sqlite3_column_text(query, 2);
    const char *format = (const char *)sqlite3_column_text(query, 3);
    // topics of other formats stay without a type, so their messages are ignored
    memset(connection, 0, sizeof *connection);
    if (name == NULL || type == NULL || format == NULL || strcmp(format, "cdr") != 0 ||
        strlen(name) >= sizeof connection->topic)
        return IMP_OK;
    strcpy(connection->topic, name);
    imp_cdr_type_name(connection->type, type, strlen(type));
    return IMP_OK;
}

// Reads the table of topics, up to a limit.
static imp_status read_topics(imp_rosbag *bag, imp_error *err)
{
    sqlite3_stmt *query = NULL;
    imp_status status = IMP_OK;
    int next = SQLITE_ERROR;
    if (sqlite3_prepare_v2(bag->second->database,
                           "SELECT id, name, type, serialization_format FROM topics", -1, &query,
                           NULL) != SQLITE_OK)
        return fail_sqlite(bag, err);
    while (status == IMP_OK && bag->second->topic_count < TOPICS_MAX &&
           (next = sqlite3_step(query)) == SQLITE_ROW)
        status = store_topic(bag, query, err);
    if (status == IMP_OK && next != SQLITE_DONE && next != SQLITE_ROW)
        status = fail_sqlite(bag, err);
    sqlite3_finalize(query);
    return status;
}

imp_status imp_sqlite_bag_open(imp_rosbag *bag, imp_error *err)
{
    struct imp_rosbag2 *second = bag->second;
    int64_t tables = 0;
    IMP_TRY(open_database(bag, err));
    IMP_TRY(query_number(bag,
                         "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 "
                         "AND name IN ('topics', 'messages') AND sql NOT LIKE '%VIRTUAL%'",
                         &tables, err));
    if (tables != 2)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: is an SQLite database, but no bag of ROS 2: it has no tables topics "
                        "and messages",
                        bag->name);
    IMP_TRY(read_topics(bag, err));
    IMP_TRY(query_number(bag, "SELECT count(*) FROM messages", &second->messages, err));
    if (sqlite3_prepare_v2(second->database, "SELECT topic_id, timestamp, data FROM messages", -1,
                           &second->statement, NULL) != SQLITE_OK)
        return fail_sqlite(bag, err);
    return IMP_OK;
}

void imp_sqlite_bag_rewind(imp_rosbag *bag)
{
    struct imp_rosbag2 *second = bag->second;
    if (second->statement != NULL)
        sqlite3_reset(second->statement);
    second->done = 0;
    second->operations = CALLS_MIN + (int64_t)(bag->length >> 20) * CALLS_PER_MB;
    bag->has_index = true;
}

// The connection of a topic's id; -1 if there is none.
static int find_topic(const struct imp_rosbag2 *second, int64_t id)
{
    for (int k = 0; k < second->topic_count; k++)
        if (second->topics[k] == id)
            return k;
    return -1;
}

imp_rosbag_read_result imp_sqlite_bag_read(imp_rosbag *bag, imp_rosbag_message *out, imp_error *err)
{
    struct imp_rosbag2 *second = bag->second;
    if (bag->file.at == bag->file.end)
        return IMP_ROSBAG_END;
    const int next = sqlite3_step(second->statement);
    if (next != SQLITE_ROW) {
        // a damaged page ends the bag like a cut
        bag->is_truncated = next != SQLITE_DONE;
        bag->truncated_at = imp_rosbag_position(bag);
        bag->file.at = bag->file.end;
        return next == SQLITE_DONE ? IMP_ROSBAG_END : IMP_ROSBAG_OTHER_RECORD;
    }
    // the position in the file is that in the table
    if (second->done < second->messages)
        second->done++;
    const double share = (double)second->done / (double)(second->messages + 1);
    bag->file.at = bag->bytes + (size_t)(share * (double)(bag->length - 1));
    const int topic = find_topic(second, sqlite3_column_int64(second->statement, 0));
    const uint8_t *data = sqlite3_column_blob(second->statement, 2);
    const int length = sqlite3_column_bytes(second->statement, 2);
    if (topic < 0 || data == NULL)
        return IMP_ROSBAG_OTHER_RECORD;
    *out = (imp_rosbag_message){.connection = topic,
                                .time = sqlite3_column_int64(second->statement, 1)};
    return imp_rosbag2_convert_message(bag, data, (size_t)length, out, err);
}
