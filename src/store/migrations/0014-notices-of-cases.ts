/**
 * A case's story names who was told of it, by which way, and what became of that: shown to whoever may see the case, wherever it
 * stood when they were told. What a receiver answered (`problem`) may hold an address and is not read by the reading role.
 */
export const noticesOfCases = `
alter table delivery add column tried_ms bigint;
alter table case_effect add column tried_ms bigint;
create index notice_of_case on notice ("case", at_ms desc, id desc) where "case" is not null;
create index delivery_of_notice on delivery (notice);

create policy notice_of_case_seen on notice for select to wuxing_app using (
  "case" is not null and exists (select 1 from work_case where work_case.id = notice."case")
);
grant select (id, notice, channel, state, attempts, due_ms, tried_ms) on delivery to wuxing_app;
create policy delivery_seen on delivery for select to wuxing_app using (
  exists (select 1 from notice where notice.id = delivery.notice)
);
`;
