/**
 * Who sees a finding, in the role that reads for people. The desks that watch the city see all of them (`wuxing.watch`); everybody
 * else sees a lock by its case, through the predicate of migration 0005, and of exposures those that such a lock rests on. What
 * passes gates and fence belongs to no place below the city.
 */
export const seenFindings = `
create index work_case_lock_of_place on work_case (path text_pattern_ops) include (lock) where lock is not null;

grant select on lock, exposure, passage, fence_event to wuxing_app;
create policy lock_seen on lock for select to wuxing_app using (
  (select current_setting('wuxing.watch', true)) = 'on'
  or exists (select 1 from work_case where work_case.lock = lock.id)
);
create policy exposure_seen on exposure for select to wuxing_app using (
  (select current_setting('wuxing.watch', true)) = 'on'
  or exists (select 1 from lock where lock.vehicle = exposure.vehicle and lock.body -> 'exposures' ? exposure.id)
);
create policy passage_seen on passage for select to wuxing_app using (
  (select current_setting('wuxing.watch', true)) = 'on'
);
create policy fence_event_seen on fence_event for select to wuxing_app using (
  (select current_setting('wuxing.watch', true)) = 'on'
);
`;
