"""The store: one DynamoDB table that holds records, audit trail, connections, settings, tokens and limits.

Key layout (`<c>` is a connection's id; every key is a text):

    item                  pk                                sk
    record                C#<c>#REC#<kind>#<system>#<id>    RECORD
    audit line            C#<c>#REC#<kind>#<system>#<id>    AUDIT#<time>#<version>
    far document's holder C#<c>#FAR#<system>#<kind>#<id>    HOLDER
    settings              C#<c>#SETTINGS                    CURRENT, VERSION#<number>
    tokens                C#<c>#TOKENS                      CURRENT
    refresh lease         C#<c>#TOKENS                      LEASE
    limiter               C#<c>#LIMIT#<system>              ARRIVAL
    cursor of the sweep   C#<c>#CURSOR                      <name>
    reads of a month      C#<c>#READS, READS (all)          <year>-<month>
    register's entry      C#<c>#REG#<register>              <column>#<term>#<place>, see `domain.register`
    counts of a day       C#<c>#HEALTH                      DAY#<date>
    connection            CONNECTION                        <c>
    portal pointer        PORTAL#<portal id>                CONNECTION
    realm pointer         REALM#<realm id>                  CONNECTION
    ticket of the console TICKET#<hash>                     TICKET
    session               SESSION#<hash>                    SESSION

The pointers hold the whole connection, so that a function that may read nothing but `PORTAL#*` and `REALM#*` (IAM
`dynamodb:LeadingKeys`) can tell whom a webhook concerns.

Three sparse indexes, used for keys only; the records themselves are then read consistently:

    by_state   gsi1pk C#<c>#STATE#<state>   gsi1sk <updated at>   what is in a state, for console and command line
    by_due     gsi2pk C#<c>#DUE             gsi2sk <wake at>      what the sweep has to wake
    by_health  gsi3pk C#<c>#HEALTH#<kind>#<system>#<health>   gsi3sk <place>   a register's records of one health

Times in keys are UTC in one fixed width, so that their texts sort as the times do. Audit lines expire after 400 days
by the table's time-to-live attribute `expires_at`, tickets and sessions a day after their time.
"""
