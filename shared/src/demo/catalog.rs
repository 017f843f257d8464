//! What is taught in the demo tenants.

/// A course of the demo.
pub(super) struct DemoCourse {
    pub(super) title: &'static str,
    pub(super) slug: &'static str,
    pub(super) category: &'static str,
    pub(super) difficulty: &'static str,
    /// Hours.
    pub(super) duration: i32,
    pub(super) description: &'static str,
    pub(super) objectives: [&'static str; 3],
    pub(super) tags: [&'static str; 3],
    /// Each module with what its first lesson says.
    pub(super) modules: &'static [(&'static str, &'static str)],
    /// A page to read further, linked from each module.
    pub(super) reading: &'static str,
}

/// The six courses, 38 modules in all.
pub(super) const COURSES: [DemoCourse; 6] = [
    DemoCourse {
        title: "Introduction to Python Programming",
        slug: "introduction-to-python-programming",
        category: "Programming",
        difficulty: "beginner",
        duration: 20,
        description: "From the first variable to a small program of your own, with no programming experience needed.",
        objectives: ["Write and run Python programs", "Choose the right data structure", "Read and fix error messages"],
        tags: ["python", "programming", "beginner"],
        modules: &[
            (
                "Getting Started",
                "Install Python, open the interpreter and let it add two numbers: everything later grows from this loop of writing, running and reading.",
            ),
            (
                "Variables and Types",
                "A name points to a value, and the value has a type. Numbers, text and truth values behave differently, and Python tells you when you mix them up.",
            ),
            (
                "Control Flow",
                "Programs decide with `if` and repeat with `for` and `while`. Indentation is the punctuation that shows what belongs together.",
            ),
            ("Functions", "A function gives a piece of work a name, so that it can be tested alone and used twice."),
            (
                "Lists and Dictionaries",
                "Lists keep things in order, dictionaries find them by key. Most everyday programs are a conversation between the two.",
            ),
            (
                "Files and Errors",
                "Files outlive the program; exceptions say what went wrong with them. Handle the ones you expect and let the others be seen.",
            ),
            (
                "Your First Project",
                "Build a reading list that lives in a file: plan it in sentences, write it in functions, and try to break it.",
            ),
        ],
        reading: "https://docs.python.org/3/tutorial/",
    },
    DemoCourse {
        title: "Web Development Fundamentals",
        slug: "web-development-fundamentals",
        category: "Programming",
        difficulty: "beginner",
        duration: 30,
        description: "How a page is described, styled and brought to life, and how a browser and a server talk.",
        objectives: ["Structure pages with HTML", "Style them with CSS", "Add behaviour with JavaScript"],
        tags: ["html", "css", "javascript"],
        modules: &[
            (
                "How the Web Works",
                "A browser asks, a server answers. Addresses, requests and status codes are the grammar of that conversation.",
            ),
            (
                "HTML Structure",
                "Elements say what a thing is: a heading, a list, a form. Say it right and half of accessibility is done.",
            ),
            ("CSS Basics", "Rules select elements and give them properties; the cascade decides which rule wins."),
            (
                "Layout with Flexbox and Grid",
                "Flexbox lays out a line, grid lays out a plane. Knowing which you have in front of you saves an afternoon.",
            ),
            (
                "JavaScript Essentials",
                "Events, values and the document: enough of the language to react when somebody clicks.",
            ),
            ("Forms and Validation", "Let the browser check what it can, and never trust it on the server."),
            ("Publishing a Site", "From your folder to a host name: build, upload, check, and know how to go back."),
        ],
        reading: "https://developer.mozilla.org/en-US/docs/Learn",
    },
    DemoCourse {
        title: "Data Science with Python",
        slug: "data-science-with-python",
        category: "Data Science",
        difficulty: "intermediate",
        duration: 40,
        description: "Ask a question of data, get it clean, look at it from several sides, and say how sure you are.",
        objectives: ["Clean and join data sets", "Show data honestly", "Fit and judge simple models"],
        tags: ["data", "python", "statistics"],
        modules: &[
            (
                "Asking Questions of Data",
                "A good question names what would change your mind. Everything after it is easier.",
            ),
            (
                "Arrays and Tables",
                "Work on whole columns instead of single cells, and the code gets shorter as the data gets longer.",
            ),
            (
                "Cleaning Data",
                "Missing values, double rows and three spellings of one city: find them before they find your result.",
            ),
            (
                "Visualization",
                "A chart is an argument. Choose the form by what should be compared, and start the axis where honesty wants it.",
            ),
            (
                "Statistics in Practice",
                "Averages hide, spreads reveal. Confidence is a statement about the method, not about the world.",
            ),
            ("First Models", "Fit a line, look at what it misses, and only then reach for something cleverer."),
            (
                "Telling the Story",
                "Say what you found, how, and what would prove you wrong, in the order in which a reader asks.",
            ),
        ],
        reading: "https://pandas.pydata.org/docs/getting_started/",
    },
    DemoCourse {
        title: "Digital Marketing Essentials",
        slug: "digital-marketing-essentials",
        category: "Marketing",
        difficulty: "beginner",
        duration: 15,
        description: "Reach people who may want what you offer, and learn from what they do next.",
        objectives: ["Describe an audience", "Plan a campaign", "Measure what it brought"],
        tags: ["marketing", "seo", "content"],
        modules: &[
            (
                "Know Your Audience",
                "Write down one person who has the problem that you solve. Everything you publish is for them.",
            ),
            ("Search Engines", "Pages are found when they answer the question that was asked, quickly and plainly."),
            ("Content That Helps", "Useful beats clever. Plan what to say for each step from curiosity to decision."),
            (
                "Social Channels",
                "Each channel has its manners. Pick the two where your people are, and be there regularly.",
            ),
            (
                "E-mail Campaigns",
                "Permission is the asset. Write to one reader, offer one thing, and make leaving easy.",
            ),
            (
                "Measuring Results",
                "Decide on the number before the campaign starts, or you will find one that flatters.",
            ),
        ],
        reading: "https://developers.google.com/search/docs/fundamentals/seo-starter-guide",
    },
    DemoCourse {
        title: "Project Management Professional",
        slug: "project-management-professional",
        category: "Business",
        difficulty: "advanced",
        duration: 35,
        description: "Get a group of people to a goal on time without surprising anybody on the way.",
        objectives: ["Plan work in small, checkable steps", "See risks early", "Lead without rank"],
        tags: ["projects", "leadership", "planning"],
        modules: &[
            (
                "What a Project Is",
                "A goal, an end and people who have other work too. Agree on all three before the first task.",
            ),
            (
                "Scope and Stakeholders",
                "List who can stop you and what each of them needs to see. Scope is what you have agreed not to do.",
            ),
            (
                "Planning and Estimating",
                "Estimates are ranges. Break work down until the ranges are small enough to act on.",
            ),
            ("Risk", "A risk has a cause, a chance and an owner. Without an owner it is only a worry."),
            ("Leading the Team", "Remove one obstacle a day, and say thank you for something real."),
            ("Closing Well", "Hand over, write down what you would do differently, and celebrate in that order."),
        ],
        reading: "https://en.wikipedia.org/wiki/Project_management",
    },
    DemoCourse {
        title: "UX Design Principles",
        slug: "ux-design-principles",
        category: "Design",
        difficulty: "intermediate",
        duration: 25,
        description: "Make things that people understand at first sight and do not have to think about later.",
        objectives: ["Learn from people before drawing", "Sketch and test quickly", "Design for everybody"],
        tags: ["ux", "design", "research"],
        modules: &[
            ("Watching People", "Ask someone to show you rather than to tell you; the workaround is the finding."),
            (
                "Journeys and Flows",
                "Draw what happens before and after the screen, and half of the screen becomes unnecessary.",
            ),
            ("Sketching and Prototyping", "Paper is fast and invites criticism. Do three before you like one."),
            (
                "Visual Hierarchy",
                "Size, contrast and space tell the eye where to begin. If all is loud, nothing is heard.",
            ),
            (
                "Accessibility",
                "Keyboard, contrast, names for pictures: built in from the start it costs little and serves all.",
            ),
        ],
        reading: "https://www.w3.org/WAI/fundamentals/",
    },
];
