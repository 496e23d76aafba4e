workspace "Sample course platform" {
  !identifiers flat
  model {
    n_author = person "Course author" "Writes and publishes courses"
    n_cybersource = softwareSystem "CyberSource" "Payments" "external" {
    }
    n_drive = softwareSystem "Google Drive" "Watches on sheets" "external" {
    }
    n_edx = softwareSystem "Open edX" "Courseware: learning, authoring, grades" "" {
      n_edx_cms = container "Studio" "Course authoring" "Django" "container"
      n_edx_cms_worker = container "Studio worker" "Queue: cms.default" "Celery" "container"
      n_edx_lms = container "LMS" "Learners, REST APIs, OAuth2 provider" "Django" "container"
      n_edx_lms_worker = container "LMS worker" "Queues: default, high" "Celery" "container"
      n_edx_mongo = container "Modulestore" "Course structure and content" "MongoDB" "database"
      n_edx_mysql = container "MySQL" "Users, enrolments, grades" "MySQL 8" "database"
      n_edx_redis = container "Broker" "Celery broker" "Redis" "queue"
      n_edx_search = container "Search" "Course index" "Elasticsearch" "search"
    }
    n_exchange = softwareSystem "Open Exchange Rates" "Currency rates" "external" {
    }
    n_forum = softwareSystem "Forum" "Discussion service" "external" {
    }
    n_hubspot = softwareSystem "HubSpot" "Deals and contacts" "external" {
    }
    n_keycloak = softwareSystem "Keycloak" "Identity provider" "external" {
    }
    n_learner = person "Learner" "Takes courses, pays, earns certificates"
    n_mailgun = softwareSystem "Mailgun" "E-mail" "external" {
    }
    n_micromasters = softwareSystem "MicroMasters" "Programmes: batch reads of enrolments and grades" "" {
      n_micromasters_beat = container "Beat" "Starts scheduled tasks" "Celery beat" "container"
      n_micromasters_db = container "PostgreSQL" "Cached enrolments and grades" "PostgreSQL 12" "database"
      n_micromasters_redis = container "Broker" "Celery broker" "Redis" "queue"
      n_micromasters_search = container "OpenSearch" "Learner index" "OpenSearch" "search"
      n_micromasters_web = container "Web" "Dashboard and admin" "Django" "container"
      n_micromasters_worker = container "Worker" "Queues: default, dashboard" "Celery" "container"
    }
    n_mitxonline = softwareSystem "MITx Online" "Enrolment, payment, certificates" "" {
      n_mitxonline_beat = container "Beat" "Starts scheduled tasks" "RedBeat" "container"
      n_mitxonline_cache = container "Cache" "Sessions and catalogue pages" "Redis" "cache"
      n_mitxonline_db = container "PostgreSQL" "Orders, enrolments" "PostgreSQL 15" "database"
      n_mitxonline_redis = container "Broker" "Celery broker and RedBeat keys" "Redis" "queue"
      n_mitxonline_s3 = container "Media" "Certificates' signatures, images" "S3" "storage"
      n_mitxonline_web = container "Web" "Site, API and webhooks" "Django, DRF" "container"
      n_mitxonline_worker = container "Worker" "Queue: default" "Celery" "container"
    }
    n_notes = softwareSystem "Notes" "Student notes service" "external" {
    }
    n_posthog = softwareSystem "PostHog" "Feature flags" "external" {
    }
    n_sheets = softwareSystem "Google Sheets" "Refund and deferral requests" "external" {
    }
    n_author -> n_edx_cms "course edits" "HTTPS"
    n_edx_cms -> n_edx_mongo "drafts, published versions" "MongoDB"
    n_edx_cms -> n_edx_redis "publish tasks" "Celery" "async"
    n_edx_cms_worker -> n_edx_search "course index" "Elasticsearch"
    n_edx_lms -> n_edx_mongo "course blocks" "MongoDB"
    n_edx_lms -> n_edx_mysql "users, enrolments" "SQL"
    n_edx_lms -> n_edx_redis "grade tasks" "Celery" "async"
    n_edx_lms -> n_forum "threads, comments" "HTTPS"
    n_edx_lms -> n_keycloak "sign-in, tokens" "HTTPS"
    n_edx_lms -> n_mitxonline_web "enrolment webhook" "HTTPS"
    n_edx_lms_worker -> n_edx_mysql "grades" "SQL"
    n_edx_redis -> n_edx_cms_worker "publish tasks" "Celery" "async"
    n_edx_redis -> n_edx_lms_worker "grade tasks" "Celery" "async"
    n_learner -> n_edx_lms "course pages" "HTTPS"
    n_learner -> n_micromasters_web "dashboard" "HTTPS"
    n_learner -> n_mitxonline_web "catalogue, dashboard, checkout" "HTTPS"
    n_micromasters_beat -> n_micromasters_redis "scheduled tasks" "Celery" "async"
    n_micromasters_redis -> n_micromasters_worker "tasks" "Celery" "async"
    n_micromasters_web -> n_edx_lms "OAuth2 refresh" "HTTPS"
    n_micromasters_web -> n_mailgun "course team e-mail" "HTTPS"
    n_micromasters_web -> n_micromasters_db "profiles, cached grades" "SQL"
    n_micromasters_web -> n_mitxonline_web "course catalogue" "HTTPS"
    n_micromasters_worker -> n_edx_lms "certificates" "HTTPS" "async"
    n_micromasters_worker -> n_edx_lms "current grades" "HTTPS" "async"
    n_micromasters_worker -> n_edx_lms "enrolments" "HTTPS" "async"
    n_micromasters_worker -> n_exchange "currency rates" "HTTPS" "async"
    n_micromasters_worker -> n_micromasters_db "enrolments, certificates, grades" "SQL"
    n_micromasters_worker -> n_micromasters_search "learner documents" "OpenSearch"
    n_mitxonline_beat -> n_mitxonline_redis "scheduled tasks" "Celery" "async"
    n_mitxonline_redis -> n_mitxonline_worker "tasks" "Celery" "async"
    n_mitxonline_web -> n_cybersource "payment" "HTTPS"
    n_mitxonline_web -> n_edx_lms "OAuth2 token" "HTTPS"
    n_mitxonline_web -> n_edx_lms "POST enrollment" "HTTPS"
    n_mitxonline_web -> n_edx_lms "POST user registration" "HTTPS"
    n_mitxonline_web -> n_keycloak "sign-in, tokens" "HTTPS"
    n_mitxonline_web -> n_mitxonline_cache "sessions, pages" "Redis"
    n_mitxonline_web -> n_mitxonline_db "orders, enrolments" "SQL"
    n_mitxonline_web -> n_mitxonline_redis "enrolment, HubSpot and e-mail tasks" "Celery" "async"
    n_mitxonline_web -> n_mitxonline_s3 "media files" "S3"
    n_mitxonline_web -> n_posthog "feature flags" "HTTPS"
    n_mitxonline_worker -> n_drive "file watches" "HTTPS" "async"
    n_mitxonline_worker -> n_edx_cms "course runs" "HTTPS" "async"
    n_mitxonline_worker -> n_edx_lms "POST enrollment (retry)" "HTTPS" "async"
    n_mitxonline_worker -> n_edx_lms "current grades" "HTTPS" "async"
    n_mitxonline_worker -> n_hubspot "deals, contacts" "HTTPS" "async"
    n_mitxonline_worker -> n_mailgun "receipts, enrolment e-mail" "HTTPS" "async"
    n_mitxonline_worker -> n_mitxonline_db "enrolments, grades, certificates" "SQL"
    n_mitxonline_worker -> n_sheets "refund requests" "HTTPS" "async"
  }
  views {
    systemLandscape "landscape" {
      include *
      autoLayout
    }
    systemContext n_edx "edx-context" {
      include *
      autoLayout
    }
    container n_edx "edx-containers" {
      include *
      autoLayout
    }
    systemContext n_micromasters "micromasters-context" {
      include *
      autoLayout
    }
    container n_micromasters "micromasters-containers" {
      include *
      autoLayout
    }
    systemContext n_mitxonline "mitxonline-context" {
      include *
      autoLayout
    }
    container n_mitxonline "mitxonline-containers" {
      include *
      autoLayout
    }
    dynamic n_mitxonline "flow-enrollment-sync" "MITx Online enrolment, grade and certificate sync" {
      n_learner -> n_mitxonline_web "catalogue, dashboard, checkout"
      n_mitxonline_web -> n_mitxonline_db "orders, enrolments"
      n_mitxonline_web -> n_edx_lms "POST enrollment"
      n_edx_lms -> n_edx_mysql "users, enrolments"
      n_mitxonline_worker -> n_edx_lms "current grades"
      n_mitxonline_worker -> n_mitxonline_db "enrolments, grades, certificates"
      autoLayout
    }
    dynamic n_edx "flow-learner-course" "Learner takes a course" {
      n_learner -> n_edx_lms "course pages"
      n_edx_lms -> n_edx_mongo "course blocks"
      n_edx_lms -> n_edx_redis "grade tasks"
      n_edx_redis -> n_edx_lms_worker "grade tasks"
      n_edx_lms_worker -> n_edx_mysql "grades"
      autoLayout
    }
    dynamic n_micromasters "flow-micromasters-refresh" "MicroMasters batch refresh" {
      n_micromasters_beat -> n_micromasters_redis "scheduled tasks"
      n_micromasters_redis -> n_micromasters_worker "tasks"
      n_micromasters_worker -> n_edx_lms "enrolments"
      n_micromasters_worker -> n_edx_lms "certificates"
      n_micromasters_worker -> n_edx_lms "current grades"
      n_micromasters_worker -> n_micromasters_db "enrolments, certificates, grades"
      autoLayout
    }
    styles {
      element "Person" {
        shape person
        background #0b3b6f
        color #ffffff
      }
      element "Software System" {
        shape roundedbox
        background #1256a3
        color #ffffff
      }
      element "Container" {
        shape box
        background #1f6bb5
        color #ffffff
      }
      element "database" {
        shape cylinder
        background #0f6e74
        color #ffffff
      }
      element "search" {
        shape cylinder
        background #0f6e74
        color #ffffff
      }
      element "cache" {
        shape hexagon
        background #0f6e74
        color #ffffff
      }
      element "storage" {
        shape folder
        background #0f6e74
        color #ffffff
      }
      element "queue" {
        shape pipe
        background #7a4b0c
        color #ffffff
      }
      element "external" {
        shape box
        background #5a6673
        color #ffffff
      }
      relationship "Relationship" {
        dashed false
        color #38465a
      }
      relationship "async" {
        dashed true
        color #b45f06
      }
      relationship "declared" {
        style dotted
        color #5b6675
      }
    }
  }
}
