drop table lti_deployments;
drop table lti_platforms;
drop table sso_configurations;
drop type sso_provider_type;
