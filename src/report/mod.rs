//! From site reports to the province's report: fix plans, common causes, ranking.
