//! What each role may do: the whole policy of roles in one match.
//!
//! Whose course or enrollment it is, a role cannot say; that is decided in the domains' `policy.rs`.

use shared::users::UserRole;

use super::Caller;

/// Something that a role may do or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// See and change oneself: profile, password, sessions, preferences.
    UseOwnAccount,
    /// See the tenant's people.
    ReadUsers,
    /// Invite, change, suspend and delete people.
    WriteUsers,
    /// See what learner groups there are, and how large they are.
    ReadGroups,
    /// Change learner groups, and see who is in them.
    WriteGroups,
    /// See tenants: one's own, or all for a superuser.
    ReadTenants,
    /// Change one's tenant: its name, theme, flags, domains and settings.
    WriteTenant,
    /// Make tenants and switch them on and off.
    GovernTenants,
    /// See files and folders; which ones, their folders and courses say.
    ReadFiles,
    /// Upload, and change what one has uploaded.
    WriteFiles,
    /// Make and change folders; which ones, the policy says.
    WriteFolders,
    /// See how much the tenant keeps.
    ReadFileUsage,
    /// Browse courses and what is in them.
    ReadCourses,
    /// Make and change courses; which ones, the policy says.
    WriteCourses,
    /// Enroll oneself, and see one's enrollments; instructors see those of their courses.
    UseEnrollments,
    /// Enroll others, approve and cancel.
    WriteEnrollments,
    /// Tell how far one is.
    RecordProgress,
    /// See certificates: one's own, or the tenant's for an administrator.
    ReadCertificates,
    /// Revoke and reissue certificates.
    WriteCertificates,
    /// Read and write in discussions; which ones, the policy says.
    UseDiscussions,
    /// See one's notifications.
    ReadNotifications,
    /// Announce something to many; to whom, the policy says.
    WriteAnnouncements,
    /// Word the tenant's mails.
    WriteEmailTemplates,
    /// See the counts of what happened.
    ReadAnalytics,
    /// See the counts of the whole tenant.
    ReadTenantAnalytics,
    /// Watch the jobs that one started, and stop them.
    ReadJobs,
    /// See who changed what: in one's tenant, or everywhere for a superuser.
    ReadAuditLog,
    /// See, stop and replay the tenant's jobs.
    OperateJobs,
    /// Hold queues, change them, and change the work by the clock.
    OperatePlatform,
}

/// Whether the caller's role includes `permission`. A superuser may do all that an administrator
/// may, in the tenant of their choice, and alone governs tenants.
pub fn allows(caller: &Caller, permission: Permission) -> bool {
    use Permission as P;
    use UserRole::{Admin, Instructor, Learner};
    if caller.is_superuser {
        return true;
    }
    match permission {
        P::UseOwnAccount
        | P::ReadFiles
        | P::WriteFiles
        | P::ReadCourses
        | P::UseEnrollments
        | P::RecordProgress
        | P::ReadCertificates
        | P::UseDiscussions
        | P::ReadNotifications
        | P::ReadJobs => match caller.role {
            Admin | Instructor | Learner => true,
        },
        // Instructors see the learners and the groups whom they may enroll; which learners, the policy says.
        P::ReadUsers
        | P::ReadGroups
        | P::WriteFolders
        | P::WriteCourses
        | P::WriteEnrollments
        | P::WriteAnnouncements
        | P::ReadAnalytics => {
            matches!(caller.role, Admin | Instructor)
        }
        P::WriteUsers
        | P::WriteGroups
        | P::ReadTenants
        | P::WriteTenant
        | P::ReadFileUsage
        | P::WriteCertificates
        | P::WriteEmailTemplates
        | P::ReadTenantAnalytics
        | P::ReadAuditLog
        | P::OperateJobs => {
            matches!(caller.role, Admin)
        }
        P::GovernTenants | P::OperatePlatform => false,
    }
}

/// A permission as a type, so that a signature can name it.
pub trait Need: Send + Sync + 'static {
    /// The permission.
    const PERMISSION: Permission;
    /// Whether a header or host that names another tenant is let pass: only for the calls that a
    /// client makes before it knows where it is.
    const ANY_TENANT_NAME: bool = false;
}

/// Declares the types of permissions that a domain's handlers name.
macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl $crate::access::Need for $name {
            const PERMISSION: $crate::access::Permission = $crate::access::Permission::$name;
        }
    )*};
}
pub(crate) use needs;
