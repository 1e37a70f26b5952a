/**
 * Tables of the whole city, of accounts and of what guards them: for every role but the program's own they are empty, also
 * for one that somebody grants a right to read by mistake. Where a finding is shown is decided by right and purpose; where
 * it becomes work of a place it is a case, and the policies of migration 0005 hold.
 */
export const guard = `
alter table exposure enable row level security;
alter table lock enable row level security;
alter table passage enable row level security;
alter table fence_event enable row level security;
alter table event enable row level security;
alter table etc_passage enable row level security;
alter table gate_finding enable row level security;
alter table account enable row level security;
alter table session enable row level security;
alter table api_key enable row level security;
alter table person_field enable row level security;
alter table break_glass enable row level security;
alter table audit enable row level security;
alter table totp enable row level security;
alter table recovery_code enable row level security;
alter table passkey enable row level security;
alter table account_identity enable row level security;
alter table case_effect enable row level security;
alter table delivery enable row level security;
alter table terminal_message enable row level security;
alter table terminal_command enable row level security;
`;
